package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/install"
)

type precheckOptions struct {
	mesh             meshInput
	fromVersion      string
	skipControlPlane bool
	threshold        install.Status
}

func newPrecheckCmd(e *env, runF func(context.Context, *precheckOptions) error) *cobra.Command {
	o := &precheckOptions{threshold: install.Warn}
	cmd := &cobra.Command{
		Use:     "precheck",
		Short:   "Check whether a cluster is ready for an installation or upgrade",
		GroupID: groupInstall,
		Long: `Check the cluster before an installation: its version, your permissions for
exactly the kinds of objects that would be applied, the Gateway API's CRDs,
webhooks that stand in the way, and with --from-version what changes its
behaviour on the way. The exit code is 3 if there is a problem.`,
		Example: `  meshctl precheck
  meshctl precheck --from-version 1.21
  meshctl precheck --profile ambient -o json`,
		Annotations: map[string]string{severalClusters: ""},
		Args:        usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runPrecheck(cmd.Context(), e, o)
		},
	}
	fs := cmd.Flags()
	fs.StringVarP(&o.fromVersion, "from-version", "f", "", "`version` that the mesh comes from, such as 1.30")
	fs.StringVarP(&o.mesh.revision, "revision", "r", "", "`revision` that would be installed")
	fs.StringVar(&o.mesh.profile, "profile", "", "`profile` that would be installed")
	fs.StringArrayVarP(&o.mesh.sets, "set", "s", nil, "set one field of the installation, as `PATH=VALUE`")
	fs.BoolVar(&o.skipControlPlane, "skip-controlplane", false, "check only what --from-version asks for")
	fs.Var(newChoice(&o.threshold, install.OK, install.Warn, install.Fail), "output-threshold", "show results from this level on: ok, warning, error")
	_ = cmd.RegisterFlagCompletionFunc("profile", completeProfiles)
	return cmd
}

func runPrecheck(ctx context.Context, e *env, o *precheckOptions) error {
	if o.fromVersion != "" {
		if _, err := install.ParseMinor(o.fromVersion); err != nil {
			return inputError(err)
		}
	}
	config, err := o.mesh.config(ctx, e)
	if err != nil {
		return err
	}
	check := install.CheckOptions{Before: true, Namespace: config.Namespace(), FromVersion: o.fromVersion, Now: e.now()}
	if o.mesh.profile != "" || len(o.mesh.sets) > 0 {
		rendering, err := install.Render(ctx, config, install.RenderOptions{})
		if err != nil {
			return inputError(err)
		}
		if check.Objects, err = config.Owned(rendering); err != nil {
			return err
		}
	}
	cluster, err := e.meshCluster()
	if err != nil {
		return err
	}
	results, err := install.Check(ctx, cluster, cluster, check)
	if err != nil {
		return err
	}
	return o.print(e, results)
}

// finding is a result in the words of istioctl's output.
type finding struct {
	Code     string `json:"code"`
	Level    string `json:"level"`
	Resource string `json:"resource,omitempty"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

func (o *precheckOptions) print(e *env, results []install.CheckResult) error {
	results = slices.DeleteFunc(results, func(r install.CheckResult) bool {
		return o.skipControlPlane && r.Category != "upgrade"
	})
	bad := slices.ContainsFunc(results, func(r install.CheckResult) bool {
		return r.Status == install.Warn || r.Status == install.Fail
	})
	switch e.global.output {
	case printer.JSON, printer.YAML, printer.Name:
		findings := []finding{}
		var names []string
		for _, r := range results {
			if r.Status != install.Warn && r.Status != install.Fail {
				continue
			}
			level := string(r.Status)
			findings = append(findings, finding{r.Code, strings.ToUpper(level[:1]) + level[1:], r.Resource, r.Message, r.Hint})
			names = append(names, r.Code+" "+r.Resource)
		}
		if err := printer.Print(e.out, e.global.output, printer.Report{Data: findings, Names: names}); err != nil {
			return err
		}
	default:
		if err := e.printChecks(o.shown(results)); err != nil {
			return err
		}
	}
	if bad {
		return errFindings
	}
	fmt.Fprintln(e.err, "nothing stands in the way of an installation")
	return nil
}

// shown leaves out what is below the threshold; what is well is part of the
// report all the same, since it says what was looked at.
func (o *precheckOptions) shown(results []install.CheckResult) []install.CheckResult {
	if o.threshold != install.Fail {
		return results
	}
	return slices.DeleteFunc(slices.Clone(results), func(r install.CheckResult) bool { return r.Status != install.Fail })
}
