package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig/diff"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

type proxyDiffOptions struct {
	sides [2]string
	raw   bool
}

// Formats of this command beside the common ones.
const (
	formatText  printer.Format = "text"
	formatPatch printer.Format = "patch"
)

func newProxyDiffCmd(e *env, runF func(context.Context, *proxyDiffOptions) error) *cobra.Command {
	o := &proxyDiffOptions{}
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "Compare what two proxies do, or one before and after a change",
		Long: `Compare two dumps by their meaning. Each side is a file, - for standard input, or a proxy:
a pod or TYPE/NAME for one pod of a workload.

Resources are found by name, virtual hosts by name, routes by name or match, filter
chains by match, endpoints by address. Versions, times, renewed certificates and the
order of what has none are no differences. A route or a filter that changed its place
is shown as moved. Changes are grouped by the Istio object that caused them.

-o patch gives a JSON patch (RFC 6902) that turns the first dump into the second;
-o name one line a resource: added|removed|changed KIND NAME.

The exit code is 0 if nothing differs and 3 if something does.`,
		Example: `  # What did a change do to this proxy?
  meshctl proxy-config diff before.json after.json

  # Does one pod do what another does?
  meshctl proxy-config diff catalog-v1-5d9f.shop catalog-v1-8x2k.shop

  # The same for a script: which resources, one a line
  meshctl proxy-config diff before.json.gz after.json.gz -o name`,
		Args:              usageArgs(cobra.ExactArgs(2)),
		ValidArgsFunction: e.completeWorkloads,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.sides = [2]string{args[0], args[1]}
			if args[0] == "-" && args[1] == "-" {
				return usagef("only one of the two dumps can come from standard input")
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runProxyDiff(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd, formatText, formatPatch)
	cmd.Flags().BoolVar(&o.raw, "raw", false, "compare versions, times and renewed certificates too")
	return cmd
}

// readSides reads two dumps, each from a file or a proxy.
func (e *env) readSides(ctx context.Context, names []string, want dump.Section) ([]*dump.Dump, error) {
	sides := make([]*dump.Dump, len(names))
	var work errgroup.Group
	for i, name := range names {
		target, err := e.sideTarget(ctx, name)
		if err != nil {
			return nil, err
		}
		work.Go(func() (err error) {
			sides[i], err = target.read(ctx, want)
			return err
		})
	}
	return sides, work.Wait()
}

func runProxyDiff(ctx context.Context, e *env, o *proxyDiffOptions) error {
	sides, err := e.readSides(ctx, o.sides[:], diff.Reads)
	if err != nil {
		return err
	}
	options := diff.Options{Raw: o.raw}
	result, err := diff.Compare(sides[0], sides[1], options)
	if err != nil {
		return err
	}
	for _, note := range result.Notes {
		fmt.Fprintln(e.err, "note:", note)
	}
	switch e.global.output {
	case printer.JSON, printer.YAML, printer.Name:
		err = printer.Print(e.out, e.global.output, printer.Report{Data: result, Names: diffNames(result)})
	case formatPatch:
		var patch []diff.Operation
		if patch, err = diff.Patch(sides[0], sides[1], options); err == nil {
			err = printer.PrintJSON(e.out, patch)
		}
	default:
		err = printDiff(e.out, result, e.global.output == printer.Wide)
	}
	if err == nil && !result.Equal() {
		err = errFindings
	}
	return err
}

// diffNames has one line a resource, for scripts.
func diffNames(r diff.Result) []string {
	names := make([]string, len(r.Resources))
	for i, res := range r.Resources {
		names[i] = fmt.Sprintf("%s %s %s", res.Op, res.Kind, res.Name)
	}
	return names
}
