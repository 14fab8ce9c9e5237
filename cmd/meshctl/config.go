package main

import (
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
	"go.yaml.in/yaml/v3"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/internal/resource"
)

func newConfigCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Show and change the defaults of flags",
		GroupID: groupCLI,
		Long: `Every flag takes its value from, in this order:

  1. the command line
  2. an environment variable: MESHCTL_ISTIO_NAMESPACE for --istio-namespace,
     MESHCTL_ANALYZE_FAILURE_THRESHOLD for --failure-threshold of analyze
  3. the configuration file: "istio-namespace: mesh", or for the flag of one
     command "analyze.failure-threshold: Warning"
  4. its default`,
		Example: `  # What is in force, and why
  meshctl config list

  # Work in another control plane's namespace from now on
  meshctl config set istio-namespace mesh-system`,
	}
	cmd.AddCommand(newConfigListCmd(e), newConfigGetCmd(e), newConfigSetCmd(e), newConfigUnsetCmd(e), newConfigPathCmd(e))
	return cmd
}

// setting is a flag's value and where it comes from.
type setting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	From  string `json:"from"`
}

func newConfigListCmd(e *env) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List settings, their values and where each comes from",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, err := e.settings(cmd.Root(), all)
			if err != nil {
				return err
			}
			report := printer.Report{Columns: printer.Columns("SETTING", "VALUE", "FROM"), Data: settings}
			for _, s := range settings {
				report.Rows = append(report.Rows, []string{s.Key, s.Value, s.From})
				report.Names = append(report.Names, s.Key)
			}
			return printer.Print(e.out, e.global.output, report)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "list the flags of every command, not only those that all commands have and those that are set")
	return cmd
}

// settings lists the flags of all commands, or only the global ones and those
// set from outside of the command line.
func (e *env) settings(root *cobra.Command, all bool) ([]setting, error) {
	s, err := e.readSettings(root)
	if err != nil {
		return nil, err
	}
	flags := settingFlags(root)
	found := []setting{}
	for _, key := range slices.Sorted(maps.Keys(flags)) {
		values, from := s.lookup(key)
		if values == nil {
			if strings.Contains(key, ".") && !all {
				continue
			}
			values, from = []string{flags[key].DefValue}, "default"
		}
		if flags[key].Changed && !strings.Contains(key, ".") {
			values, from = []string{flags[key].Value.String()}, "flag"
		}
		found = append(found, setting{key, strings.Join(values, ","), from})
	}
	return found, nil
}

func newConfigGetCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "get SETTING",
		Short:             "Print one setting's value",
		Args:              usageArgs(cobra.ExactArgs(1)),
		ValidArgsFunction: completeSettings,
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := settingFlag(cmd.Root(), args[0]); err != nil {
				return err
			}
			settings, err := e.settings(cmd.Root(), true)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(settings, func(s setting) bool { return s.Key == args[0] })
			_, err = fmt.Fprintln(e.out, settings[i].Value)
			return err
		},
	}
}

func newConfigSetCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "set SETTING VALUE",
		Short:             "Write a setting to the configuration file",
		Args:              usageArgs(cobra.ExactArgs(2)),
		ValidArgsFunction: completeSettings,
		Annotations:       map[string]string{withoutConfig: ""},
		RunE: func(cmd *cobra.Command, args []string) error {
			key, value := args[0], args[1]
			flag, err := settingFlag(cmd.Root(), key)
			if err != nil {
				return err
			}
			if err := flag.Value.Set(value); err != nil {
				return usagef("setting %s to %q: %w", key, value, err)
			}
			return e.editConfig(func(top *yaml.Node) { assign(top, strings.Split(key, "."), value) })
		},
	}
}

func newConfigUnsetCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "unset SETTING",
		Short:             "Remove a setting from the configuration file",
		Args:              usageArgs(cobra.ExactArgs(1)),
		ValidArgsFunction: completeSettings,
		Annotations:       map[string]string{withoutConfig: ""},
		RunE: func(_ *cobra.Command, args []string) error {
			// Any key may go, also one that this version does not know.
			return e.editConfig(func(top *yaml.Node) { remove(top, strings.Split(args[0], ".")) })
		},
	}
}

func newConfigPathCmd(e *env) *cobra.Command {
	return &cobra.Command{
		Use:         "path",
		Short:       "Print where the configuration file is",
		Args:        usageArgs(cobra.NoArgs),
		Annotations: map[string]string{withoutConfig: ""},
		RunE: func(*cobra.Command, []string) error {
			path, _ := e.configPath()
			_, err := fmt.Fprintln(e.out, path)
			return err
		},
	}
}

func settingFlag(root *cobra.Command, key string) (*pflag.Flag, error) {
	if flag, ok := settingFlags(root)[key]; ok {
		return flag, nil
	}
	return nil, usagef("there is no setting %q; `%s config list --all` shows all", key, root.DisplayName())
}

func completeSettings(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.Sorted(maps.Keys(settingFlags(cmd.Root()))), cobra.ShellCompDirectiveNoFileComp
}

// editConfig changes the configuration file as a tree, so that comments and
// order stay.
func (e *env) editConfig(edit func(top *yaml.Node)) error {
	path, _ := e.configPath()
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading configuration: %w", err)
	}
	top, err := parseConfig(path, data)
	if err != nil {
		return err
	}
	if top == nil {
		top = &yaml.Node{Kind: yaml.MappingNode}
	}
	edit(top)
	if data, err = yaml.Marshal(top); err != nil {
		return fmt.Errorf("writing configuration %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing configuration: %w", err)
	}
	return resource.WriteFile(path, data)
}

// assign sets the value at a path of keys, making mappings on the way.
func assign(n *yaml.Node, path []string, value string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != path[0] {
			continue
		}
		if len(path) == 1 {
			n.Content[i+1].SetString(value)
			return
		}
		if n.Content[i+1].Kind != yaml.MappingNode {
			*n.Content[i+1] = yaml.Node{Kind: yaml.MappingNode}
		}
		assign(n.Content[i+1], path[1:], value)
		return
	}
	child := &yaml.Node{Kind: yaml.MappingNode}
	if len(path) == 1 {
		child = &yaml.Node{}
		child.SetString(value)
	} else {
		assign(child, path[1:], value)
	}
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: path[0]}, child)
}

// remove deletes the value at a path of keys and the mappings that it leaves empty.
func remove(n *yaml.Node, path []string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != path[0] {
			continue
		}
		if len(path) > 1 {
			remove(n.Content[i+1], path[1:])
		}
		if len(path) == 1 || len(n.Content[i+1].Content) == 0 && n.Content[i+1].Kind == yaml.MappingNode {
			n.Content = slices.Delete(n.Content, i, i+2)
		}
		return
	}
}
