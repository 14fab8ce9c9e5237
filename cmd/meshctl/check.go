package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/install"
)

type checkOptions struct {
	pre     bool
	wait    bool
	exclude []string
	sample  int
}

func newCheckCmd(e *env, runF func(context.Context, *checkOptions) error) *cobra.Command {
	o := &checkOptions{}
	cmd := &cobra.Command{
		Use:     "check",
		Short:   "Check the health of the mesh, category by category",
		GroupID: groupInstall,
		Long: `Look at everything that a mesh needs to work: the API server, CRDs, the control
planes, webhooks and the certificates that they trust, revisions and tags, the
CA, the proxies' versions, whether they have what istiod has sent, and the
certificates of some of them. Each problem comes with a hint. The exit code is 3
if something is wrong.`,
		Example: `  # The mesh of the current cluster
  meshctl check

  # Those of all clusters in the kubeconfig
  meshctl check --all-contexts

  # Ask a hundred proxies for their certificates instead of ten
  meshctl check --sample 100

  # Before an installation
  meshctl check --pre

  # In a pipeline: wait until all is well, at most five minutes
  meshctl check --wait --timeout 5m -o json`,
		Annotations: map[string]string{severalClusters: ""},
		Args:        usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runCheck(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd, junit)
	e.plaintextFlag(cmd)
	fs := cmd.Flags()
	fs.BoolVar(&o.pre, "pre", false, "check what an installation needs")
	fs.BoolVar(&o.wait, "wait", false, "try again until everything is well or the time is over")
	fs.IntVar(&o.sample, "sample", 10, "`number` of proxies that are asked for their certificates (0 = none)")
	fs.StringSliceVarP(&o.exclude, "exclude", "x", nil, "leave out this `category` (repeatable): "+strings.Join(install.CheckCategories(), ", "))
	_ = cmd.RegisterFlagCompletionFunc("exclude", cobra.FixedCompletions(install.CheckCategories(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (o *checkOptions) validate() error {
	if o.sample < 0 {
		return usagef("--sample %d: a number of proxies cannot be negative", o.sample)
	}
	for _, name := range o.exclude {
		if !slices.Contains(install.CheckCategories(), name) {
			return usagef("there is no category %q; categories are %s", name, strings.Join(install.CheckCategories(), ", "))
		}
	}
	return nil
}

// checkInterval is the pause between two tries with --wait.
const checkInterval = time.Second

func runCheck(ctx context.Context, e *env, o *checkOptions) error {
	cluster, err := e.meshCluster()
	if err != nil {
		return err
	}
	for {
		results, err := install.Check(ctx, cluster, cluster, install.CheckOptions{
			Before: o.pre, Namespace: e.global.istioNamespace, Now: e.now(),
			Proxies: proxyInspector{e, cluster}, Sample: o.sample,
		})
		if err != nil {
			return err
		}
		results = slices.DeleteFunc(results, func(r install.CheckResult) bool { return slices.Contains(o.exclude, r.Category) })
		bad := slices.ContainsFunc(results, func(r install.CheckResult) bool { return r.Status == install.Fail })
		if bad && o.wait {
			select {
			case <-ctx.Done():
			case <-time.After(checkInterval):
				continue
			}
		}
		if err := e.printChecks(results); err != nil {
			return err
		}
		if bad {
			return errFindings
		}
		return nil
	}
}

// printChecks writes results grouped by category.
func (e *env) printChecks(results []install.CheckResult) error {
	if e.global.output == junit {
		return writeJUnit(e.out, results)
	}
	if e.global.output != printer.Table && e.global.output != printer.Wide {
		report := printer.Report{Data: results}
		for _, r := range results {
			report.Names = append(report.Names, r.Category+" "+string(r.Status))
		}
		return printer.Print(e.out, e.global.output, report)
	}
	category := ""
	for _, r := range results {
		if r.Category != category {
			category = r.Category
			fmt.Fprintln(e.out, category)
		}
		text := r.Message
		if r.Resource != "" && r.Resource != "Cluster" && r.Status != install.OK {
			text = r.Resource + ": " + text
		}
		if r.Code != "" {
			text += " [" + r.Code + "]"
		}
		fmt.Fprintf(e.out, "  %s %s\n", e.mark(r.Status), text)
		if r.Hint != "" && r.Status != install.OK {
			fmt.Fprintf(e.out, "      %s\n", r.Hint)
		}
	}
	return nil
}

// mark is the sign in front of a result.
func (e *env) mark(s install.Status) string {
	sign, color := "✔", "32"
	switch s {
	case install.Warn:
		sign, color = "!", "33"
	case install.Fail:
		sign, color = "✘", "31"
	case install.Skipped:
		sign, color = "-", "90"
	}
	if e.colored(e.out) {
		return "\x1b[" + color + "m" + sign + "\x1b[0m"
	}
	return sign
}
