package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/proxyconfig/diff"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

type proxyDiffOptions struct {
	sides [2]string
	raw   bool
	save  bool
}

// Formats of this command beside the common ones.
const (
	formatText  printer.Format = "text"
	formatPatch printer.Format = "patch"
)

func newProxyDiffCmd(e *env, runF func(context.Context, *proxyDiffOptions) error) *cobra.Command {
	o := &proxyDiffOptions{}
	cmd := &cobra.Command{
		Use:   "diff A [B]",
		Short: "Compare what two proxies do, or one before and after a change",
		Long: `Compare two dumps by their meaning. Each side is a file, - for standard input, or a proxy:
a pod or TYPE/NAME for one pod of a workload; istiod:POD for what istiod would send to a
pod now; ARCHIVE:POD for a pod in a snapshot; or last for the dump of the same proxy that
--save kept before (last:POD names the proxy; if the pod is a new one, the dump of an older
pod of its workload is taken, and both lose their own names and addresses). With a workload alone its replicas are
compared with each other, to find the odd one.

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

  # Does a pod have what istiod would send to it?
  meshctl proxy-config diff istiod:deploy/catalog deploy/catalog -n shop

  # Does one replica do something else?
  meshctl proxy-config diff deploy/catalog -n shop

  # Keep a dump, change something, see what that did to the proxy
  meshctl proxy-config all deploy/catalog -n shop --save -o name
  meshctl proxy-config diff last deploy/catalog -n shop

  # What has changed since a snapshot was taken
  meshctl proxy-config diff mesh.tar.zst:deploy/catalog deploy/catalog -n shop

  # The same for a script: which resources, one a line
  meshctl proxy-config diff before.json.gz after.json.gz -o name`,
		Args:              usageArgs(cobra.RangeArgs(1, 2)),
		ValidArgsFunction: e.completeWorkloads,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				if namesFile(args[0]) {
					return usagef("compare %s with what? name a second dump or a proxy: diff A B", args[0])
				}
				if _, _, archived := archiveSide(args[0]); archived || args[0] == lastSide || strings.HasPrefix(args[0], lastSide+":") {
					return usagef("compare %s with what? name a second side: diff A B", args[0])
				}
				if o.save {
					return usagef("--save keeps the dumps of two sides; replicas are kept by `proxy-config all --save`")
				}
				return runProxyReplicas(cmd.Context(), e, args[0])
			}
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
	e.plaintextFlag(cmd)
	e.adminPortFlag(cmd)
	cmd.Flags().BoolVar(&o.save, "save", false, "keep the dumps of pods, to compare with them by last")
	cmd.Flags().BoolVar(&o.raw, "raw", false, "compare versions, times and renewed certificates too")
	return cmd
}

// readSides reads two dumps, each from a file or a proxy.
func (e *env) readSides(ctx context.Context, names []string, want dump.Section) ([]*dump.Dump, error) {
	sides := make([]*dump.Dump, len(names))
	var work errgroup.Group
	for i, name := range names {
		if pod, ok := strings.CutPrefix(name, istiodSide); ok {
			pods, err := e.proxyPods(ctx, []string{pod}, "", false, false)
			if err != nil {
				return nil, err
			}
			if sides[i], err = e.istiodDump(ctx, pods[0], ""); err != nil {
				return nil, err
			}
			continue
		}
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
	if err := e.nameLast(ctx, &o.sides); err != nil {
		return err
	}
	replaced, err := e.findReplaced(ctx, &o.sides)
	if err != nil {
		return err
	}
	if replaced != nil && e.global.output == formatPatch {
		return usagef("-o patch would turn the dump of one pod into that of another; compare dumps of the same pod")
	}
	want := diff.Reads
	if o.save {
		want |= dump.Whole
	}
	sides, err := e.readSides(ctx, o.sides[:], want)
	if err != nil {
		return err
	}
	if o.save {
		if err := e.keepSides(ctx, o.sides, sides); err != nil {
			return err
		}
	}
	if replaced != nil {
		replaced.anonymous(sides)
	}
	return e.printComparison(sides[0], sides[1], diff.Options{Raw: o.raw, Dynamic: o.dynamic() || replaced != nil})
}

// printComparison compares two dumps and prints what differs in the chosen format; a
// difference is a finding.
func (e *env) printComparison(a, b *dump.Dump, options diff.Options) error {
	result, err := diff.Compare(a, b, options)
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
		if patch, err = diff.Patch(a, b, options); err == nil {
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

// istiodSide marks a side as what istiod would send to a proxy.
const istiodSide = "istiod:"

// dynamic tells whether one side is istiod's, which knows only what it sends.
func (o *proxyDiffOptions) dynamic() bool {
	return strings.HasPrefix(o.sides[0], istiodSide) || strings.HasPrefix(o.sides[1], istiodSide)
}

// diffNames has one line a resource, for scripts.
func diffNames(r diff.Result) []string {
	names := make([]string, len(r.Resources))
	for i, res := range r.Resources {
		names[i] = fmt.Sprintf("%s %s %s", res.Op, res.Kind, res.Name)
	}
	return names
}
