package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig/status"
)

type proxyStatusOptions struct {
	pod      string
	file     string
	revision string
	// verbosity is the peer's number for -o wide.
	verbosity int
}

func newProxyStatusCmd(e *env, runF func(context.Context, *proxyStatusOptions) error) *cobra.Command {
	o := &proxyStatusOptions{}
	cmd := &cobra.Command{
		Use:     "proxy-status [POD | TYPE/NAME]",
		Aliases: []string{"ps"},
		GroupID: groupProxies,
		Short:   "Show which proxies have what istiod sent, or what one proxy lacks",
		Long: `Show which proxies have what istiod sent, for each type of configuration:

  SYNCED    the proxy has what istiod sent last
  STALE     sent, but not acknowledged: if it stays so, the proxy or its connection hangs
  ERROR     the proxy rejected it, and goes on with what it had before
  NOT SENT  istiod had nothing to send
  IGNORED   the proxy does not ask for this type

In brackets stands for how long. With a pod: the semantic difference between what istiod
would send now and what the proxy has.

The exit code is 3 if a proxy is STALE or in ERROR, or if there is a difference.`,
		Example: `  # All proxies of the mesh
  meshctl proxy-status

  # Those of two clusters of the mesh
  meshctl proxy-status --context east --context west

  # What does this proxy not have?
  meshctl proxy-status deploy/catalog -n shop`,
		Annotations:       map[string]string{severalClusters: ""},
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: e.completeWorkloads,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.pod = args[0]
			}
			if o.file != "" && o.pod == "" {
				return usagef("--file needs the pod that the dump is of")
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			if o.pod != "" {
				return runProxyStatusOf(cmd.Context(), e, o)
			}
			return runProxyStatus(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd, formatText, formatPatch)
	e.plaintextFlag(cmd)
	e.xdsFlags(cmd)
	cmd.Flags().StringVarP(&o.file, "file", "f", "", "what the proxy has, from a dump in this `file`")
	cmd.Flags().IntVarP(&o.verbosity, "verbosity", "v", 0, "`1` is the same as -o wide")
	cmd.Flags().StringVarP(&o.revision, "revision", "r", "", "ask only the istiods of this `revision`")
	return cmd
}

// revisionSelector chooses the istiods of a revision.
func revisionSelector(revision string) string {
	if revision == "" {
		return ""
	}
	return "istio.io/rev=" + revision
}

// meshStatus asks all istiods. Those that fail are named on stderr; some is then the error
// that says so.
func (e *env) meshStatus(ctx context.Context, revision string) (proxies []status.Proxy, some, err error) {
	control, err := e.control(ctx, revision)
	if err != nil {
		return nil, nil, err
	}
	answers, err := control.AskAll(ctx, "/debug/syncz")
	if err != nil {
		return nil, nil, err
	}
	proxies = []status.Proxy{}
	failed := 0
	for _, a := range answers {
		if a.Err == nil {
			var found []status.Proxy
			found, a.Err = status.Parse(a.Name(), a.Body)
			proxies = append(proxies, found...)
		}
		if a.Err != nil {
			failed++
			fmt.Fprintln(e.err, "error:", a.Err)
		}
	}
	if failed == len(answers) {
		return nil, nil, fmt.Errorf("none of %d istiods could be asked", failed)
	}
	if failed > 0 {
		some = incompleteError{errSomeIstiods}
	}
	return proxies, some, nil
}

func runProxyStatus(ctx context.Context, e *env, o *proxyStatusOptions) error {
	proxies, some, err := e.meshStatus(ctx, o.revision)
	if err != nil {
		return err
	}
	slices.SortStableFunc(proxies, func(a, b status.Proxy) int { return strings.Compare(a.Name, b.Name) })
	format := e.global.output
	if format == formatText || format == formatPatch {
		format = printer.Table
	}
	if format == printer.Table && o.verbosity > 0 {
		format = printer.Wide
	}
	if err := printer.Print(e.out, format, statusReport(proxies, e.now())); err != nil {
		return err
	}
	behind := false
	for _, p := range proxies {
		behind = behind || !p.InSync()
		for _, name := range status.TypesOf(proxies) {
			if t := p.Types[name]; t.State == status.Error || t.State == status.Stale {
				fmt.Fprintf(e.err, "%s %s %s: %s%s\n", p.Name, name, t.State, t.State.Meaning(), problemText(t.Problem))
			}
		}
	}
	if behind {
		return errFindings
	}
	return some
}

func problemText(problem string) string {
	if problem == "" {
		return ""
	}
	return ": " + problem
}

// meaningText says what each state of a proxy's types means, the bad ones first.
func meaningText(types map[status.State][]string) string {
	var out []string
	for _, state := range []status.State{status.Error, status.Stale, status.NotSent, status.Ignored, status.Synced} {
		if names := types[state]; len(names) > 0 {
			out = append(out, fmt.Sprintf("%s (%s): %s", state, strings.Join(names, ", "), state.Meaning()))
		}
	}
	return strings.Join(out, "; ")
}

// statusReport has a row for each proxy and a column for each type.
func statusReport(proxies []status.Proxy, now time.Time) printer.Report {
	types := status.TypesOf(proxies)
	r := printer.Report{Columns: slices.Concat(printer.Columns("NAME", "CLUSTER"), printer.Columns(types...),
		printer.Columns("ISTIOD", "VERSION"), []printer.Column{{Title: "TYPE", Wide: true}, {Title: "SUBSCRIBED TYPES", Wide: true}, {Title: "MEANING", Wide: true}}),
		Data: proxies}
	for _, p := range proxies {
		row := []string{p.Name, p.Cluster}
		var subscribed []string
		meaning := map[status.State][]string{}
		for _, name := range types {
			t, ok := p.Types[name]
			if !ok {
				t.State = status.Ignored
			} else {
				subscribed = append(subscribed, name)
			}
			text := string(t.State)
			if !t.Since.IsZero() {
				text += " (" + duration.HumanDuration(now.Sub(t.Since)) + ")"
			}
			row = append(row, text)
			meaning[t.State] = append(meaning[t.State], name+problemText(t.Problem))
		}
		r.Rows = append(r.Rows, append(row, p.Istiod, p.Version, p.Kind,
			fmt.Sprintf("%d (%s)", len(subscribed), strings.Join(subscribed, ",")), meaningText(meaning)))
		r.Names = append(r.Names, p.Name)
	}
	return r
}
