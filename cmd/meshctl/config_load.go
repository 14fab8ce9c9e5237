package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"
)

// settings is the configuration from outside of the command line: the
// configuration file and the MESHCTL_* variables.
type settings struct {
	file   string // path, whether the file exists or not
	values *viper.Viper
	lines  map[string]int // line of each key in the file
	getenv func(string) string
}

// withoutConfig is the annotation of commands that must work while the
// configuration file is broken, to find and repair it.
const withoutConfig = "meshctl/without-config"

// configure fills the flags that the user left unset. It runs before
// anything looks at a flag's value.
func (e *env) configure(cmd *cobra.Command) error {
	if _, ok := cmd.Annotations[withoutConfig]; ok {
		return nil
	}
	s, err := e.readSettings(cmd.Root())
	if err != nil {
		return err
	}
	var failure error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || failure != nil || !configurable(f) {
			return
		}
		values, from := s.lookup(settingKey(cmd, f))
		if values == nil {
			return
		}
		if err := setUnmarked(f, values); err != nil {
			failure = usagef("%s: %s: %w", from, settingKey(cmd, f), err)
		}
	})
	return failure
}

// setUnmarked sets a flag's value without marking it as given by the user.
func setUnmarked(f *pflag.Flag, values []string) error {
	if slice, ok := f.Value.(pflag.SliceValue); ok {
		return slice.Replace(values)
	}
	return f.Value.Set(strings.Join(values, ","))
}

// configurable says which flags make sense as a setting: not those that ask
// for help, and not the one that says where the settings are.
func configurable(f *pflag.Flag) bool {
	return f.Name != "help" && f.Name != "config" && !f.Hidden
}

// settingKey names a flag in the configuration file: its own name if every
// command has it, else "command.subcommand.flag".
func settingKey(cmd *cobra.Command, f *pflag.Flag) string {
	if cmd.Root().PersistentFlags().Lookup(f.Name) == f {
		return f.Name
	}
	path := strings.Fields(strings.TrimPrefix(cmd.CommandPath(), cmd.Root().CommandPath()))
	if path[0] == "experimental" { // another way to the same command
		path = path[1:]
	}
	return strings.Join(append(path, f.Name), ".")
}

// settingEnv is the variable for a key: MESHCTL_ANALYZE_FAILURE_THRESHOLD
// for analyze.failure-threshold.
func settingEnv(key string) string {
	return "MESHCTL_" + strings.ToUpper(strings.NewReplacer("-", "_", ".", "_").Replace(key))
}

// lookup finds a setting's values and where they come from; nil if it is not set.
func (s *settings) lookup(key string) (values []string, from string) {
	name := settingEnv(key)
	if value := s.getenv(name); value != "" {
		return []string{value}, "environment variable " + name
	}
	if !s.values.InConfig(key) && !s.values.IsSet(key) {
		return nil, ""
	}
	from = fmt.Sprintf("%s:%d", s.file, s.lines[key])
	if list, ok := s.values.Get(key).([]any); ok {
		values = make([]string, len(list))
		for i, v := range list {
			values[i] = fmt.Sprint(v)
		}
		return values, from
	}
	return []string{s.values.GetString(key)}, from
}

// configPath is the configuration file in force: --config, else
// $MESHCTL_CONFIG, else config.yaml in the user's configuration folder.
func (e *env) configPath() (path string, chosen bool) {
	if e.global.configFile != "" {
		return e.global.configFile, true
	}
	if path := e.getenv("MESHCTL_CONFIG"); path != "" {
		return path, true
	}
	dir := e.getenv("XDG_CONFIG_HOME")
	if dir == "" {
		home := e.getenv("HOME")
		if home == "" {
			home = e.getenv("USERPROFILE")
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "meshctl", "config.yaml"), false
}

// readSettings reads the configuration file. A file that the user did not ask
// for by name may be absent; a broken one is an error that names the line.
func (e *env) readSettings(root *cobra.Command) (*settings, error) {
	path, chosen := e.configPath()
	s := &settings{file: path, values: viper.New(), lines: map[string]int{}, getenv: e.getenv}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !chosen {
		return s, nil
	}
	if err != nil {
		return nil, usagef("reading configuration: %w", err)
	}
	document, err := parseConfig(path, data)
	if err != nil {
		return nil, err
	}
	if document == nil {
		return s, nil
	}
	s.collectLines(document, "")
	if err := s.checkKeys(root); err != nil {
		return nil, err
	}
	s.values.SetConfigType("yaml")
	if err := s.values.ReadConfig(bytes.NewReader(data)); err != nil {
		return nil, usagef("reading configuration %s: %w", path, err)
	}
	return s, nil
}

// parseConfig is the file's top mapping, nil if the file is empty.
func parseConfig(path string, data []byte) (*yaml.Node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return nil, usagef("reading configuration %s", strings.Replace(path+": "+strings.TrimPrefix(err.Error(), "yaml: "), ": line ", ":", 1))
	}
	if document.Kind == 0 {
		return nil, nil
	}
	top := document.Content[0]
	if top.Kind == yaml.ScalarNode && top.Tag == "!!null" {
		return nil, nil
	}
	if top.Kind != yaml.MappingNode {
		return nil, usagef("reading configuration %s:%d: expected settings as `name: value`", path, top.Line)
	}
	return top, nil
}

func (s *settings) collectLines(n *yaml.Node, prefix string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := prefix + n.Content[i].Value
		if n.Content[i+1].Kind == yaml.MappingNode {
			s.collectLines(n.Content[i+1], key+".")
			continue
		}
		s.lines[key] = n.Content[i].Line
	}
}

// checkKeys refuses settings that no command has; a typo must not pass silently.
func (s *settings) checkKeys(root *cobra.Command) error {
	known := settingFlags(root)
	for _, key := range slices.Sorted(maps.Keys(s.lines)) {
		if _, ok := known[key]; !ok {
			return usagef("reading configuration %s:%d: there is no setting %q; `%s config list --all` shows all", s.file, s.lines[key], key, root.DisplayName())
		}
	}
	return nil
}

// settingFlags finds every flag of every command by its key.
func settingFlags(root *cobra.Command) map[string]*pflag.Flag {
	flags := map[string]*pflag.Flag{}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.InheritedFlags() // merges the parents' flags into cmd.Flags
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if configurable(f) {
				flags[settingKey(cmd, f)] = f
			}
		})
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(root)
	return flags
}
