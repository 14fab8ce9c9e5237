package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/printer"
)

// globalFlags are the flags that every command has.
type globalFlags struct {
	kube           kube.Kubeconfig
	contexts       []string // all that were given; the last is in kube
	allContexts    bool
	from           string
	istioNamespace string
	timeout        time.Duration
	output         printer.Format
	color          string
	verbosity      int
	configFile     string
	plaintext      bool // of the commands that ask istiod
	xds            xdsOptions
	adminPort      int // of the commands that ask proxies
}

// defaultTimeout bounds a command that only reads.
const defaultTimeout = 30 * time.Second

// register adds the global flags. The cluster flags are those of kubectl,
// with -c as in istioctl; kubectl's others are left out, because each would be
// a second way to say what a kubeconfig says.
func (g *globalFlags) register(fs *pflag.FlagSet) {
	fs.StringVarP(&g.kube.File, "kubeconfig", "c", "", "kubeconfig `file` (default: as kubectl, from $KUBECONFIG or ~/.kube/config)")
	fs.Var(&contextFlag{g}, "context", "kubeconfig `context` to use (repeatable where one question can be put to several clusters)")
	fs.BoolVar(&g.allContexts, "all-contexts", false, "ask the clusters of all contexts, where several can be asked")
	fs.StringVarP(&g.kube.Namespace, "namespace", "n", "", "`namespace` to work in (default: that of the context)")
	fs.StringVar(&g.kube.As, "as", "", "`user` to act as")
	fs.StringArrayVar(&g.kube.AsGroups, "as-group", nil, "`group` to act as (repeatable)")
	fs.StringVar(&g.kube.AsUID, "as-uid", "", "`UID` to act as")
	fs.StringVar(&g.from, "from", "", "read a snapshot `archive` in place of a cluster; see collect")
	fs.StringVarP(&g.istioNamespace, "istio-namespace", "i", "istio-system", "`namespace` of the control plane")
	fs.DurationVar(&g.timeout, "timeout", defaultTimeout, "`time` after which the command gives up (0 = never)")
	g.output = printer.Table
	fs.VarP(newChoice(&g.output, printer.Formats()...), "output", "o", "output `format`: "+list(printer.Formats()))
	g.color = "auto"
	fs.Var(newChoice(&g.color, "auto", "always", "never"), "color", "colour the output: auto, always or never")
	fs.IntVarP(&g.verbosity, "verbosity", "v", 0, "how much to tell about what is being done (0-9)")
	fs.StringVar(&g.configFile, "config", "", "configuration `file` (default: $XDG_CONFIG_HOME/meshctl/config.yaml)")
}

// contextFlag collects contexts. The last one is that of a command which works
// in one cluster.
type contextFlag struct{ flags *globalFlags }

func (c *contextFlag) String() string {
	if c.flags == nil { // as pflag makes one to compare defaults
		return ""
	}
	return strings.Join(c.flags.contexts, ",")
}

func (c *contextFlag) Type() string { return "string" }

func (c *contextFlag) Set(name string) error { return c.Append(name) }

// Append, Replace and GetSlice implement pflag.SliceValue, by which lists in the
// configuration file get here.
func (c *contextFlag) Append(name string) error {
	if slices.Contains(c.flags.contexts, name) {
		return nil // asked once
	}
	return c.Replace(append(c.flags.contexts, name))
}

func (c *contextFlag) Replace(names []string) error {
	c.flags.contexts = slices.DeleteFunc(names, func(name string) bool { return name == "" })
	c.flags.kube.Context = ""
	if len(c.flags.contexts) > 0 {
		c.flags.kube.Context = c.flags.contexts[len(c.flags.contexts)-1]
	}
	return nil
}

func (c *contextFlag) GetSlice() []string { return c.flags.contexts }

// outputFlag gives a command formats of its own behind the common ones, or
// in their place if it brings a default.
func (e *env) outputFlag(cmd *cobra.Command, more ...printer.Format) {
	formats := append(printer.Formats(), more...)
	cmd.Flags().VarP(newChoice(&e.global.output, formats...), "output", "o", "output `format`: "+list(formats))
}

// choice is a flag value that takes one of a few words.
type choice[T ~string] struct {
	value   *T
	allowed []T
}

func newChoice[T ~string](value *T, allowed ...T) *choice[T] {
	return &choice[T]{value, allowed}
}

func (c *choice[T]) String() string {
	if c.value == nil {
		return ""
	}
	return string(*c.value)
}

func (c *choice[T]) Type() string { return "string" }

// Set accepts the allowed words in any case.
func (c *choice[T]) Set(s string) error {
	for _, word := range c.allowed {
		if strings.EqualFold(s, string(word)) {
			*c.value = word
			return nil
		}
	}
	return fmt.Errorf("expected one of %s", list(c.allowed))
}

// words lists the allowed words for completion.
func (c *choice[T]) words() []string {
	words := make([]string, len(c.allowed))
	for i, word := range c.allowed {
		words[i] = string(word)
	}
	return words
}

func list[T ~string](words []T) string {
	text := make([]string, len(words))
	for i, word := range words {
		text[i] = string(word)
	}
	return strings.Join(text, ", ")
}

// kebabCase accepts flags as istioctl spells them: --istioNamespace,
// --meshConfigFile and --ctrlz_port are --istio-namespace,
// --mesh-config-file and --ctrlz-port.
func kebabCase(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		switch {
		case r == '_':
			b.WriteByte('-')
		case unicode.IsUpper(r):
			// A run of capitals is one word: clusterID is cluster-id.
			if i > 0 && runes[i-1] != '-' && !unicode.IsUpper(runes[i-1]) {
				b.WriteByte('-')
			}
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(r)
		}
	}
	return pflag.NormalizedName(b.String())
}
