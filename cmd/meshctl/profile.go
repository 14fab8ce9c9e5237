package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/install"
)

func newProfileCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "profile",
		Short:   "List, show and compare installation profiles",
		GroupID: groupInstall,
	}
	cmd.AddCommand(newProfileDiffCmd(e, nil), newProfileDumpCmd(e, nil), newProfileListCmd(e, nil))
	return cmd
}

type profileOptions struct {
	mesh meshInput
	from string
	to   string
	path string
}

func newProfileListCmd(e *env, runF func(context.Context, *profileOptions) error) *cobra.Command {
	o := &profileOptions{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the profiles and the components that each installs",
		Example: `  meshctl profile list
  meshctl profile list --manifests ./istio-1.31.1/manifests`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runProfileList(cmd.Context(), e, o)
		},
	}
	o.registerCharts(cmd)
	return cmd
}

func (o *profileOptions) registerCharts(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&o.mesh.manifests, "manifests", "d", "", "`location` of charts and profiles (default: those in this program)")
}

func runProfileList(ctx context.Context, e *env, o *profileOptions) error {
	charts, err := install.ChartSource{}.Open(ctx, o.mesh.manifests)
	if err != nil {
		return inputError(err)
	}
	profiles, err := install.ListProfiles(charts)
	if err != nil {
		return err
	}
	report := printer.Report{Columns: printer.Columns("PROFILE", "COMPONENTS"), Data: profiles}
	for _, p := range profiles {
		report.Rows = append(report.Rows, []string{p.Name, strings.Join(p.Components, ", ")})
		report.Names = append(report.Names, p.Name)
	}
	return printer.Print(e.out, e.global.output, report)
}

func newProfileDumpCmd(e *env, runF func(context.Context, *profileOptions) error) *cobra.Command {
	o := &profileOptions{}
	cmd := &cobra.Command{
		Use:   "dump [PROFILE]",
		Short: "Show what a profile sets, with files and settings merged in",
		Example: `  meshctl profile dump ambient
  meshctl profile dump --path values.global -f mesh.yaml`,
		Args:              usageArgs(cobra.MaximumNArgs(1)),
		ValidArgsFunction: completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.mesh.profile = args[0]
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runProfileDump(cmd.Context(), e, o)
		},
	}
	o.mesh.register(cmd)
	cmd.Flags().StringVarP(&o.path, "config-path", "p", "", "show only what is at this `path` below spec")
	return cmd
}

func runProfileDump(ctx context.Context, e *env, o *profileOptions) error {
	config, err := o.mesh.config(ctx, e)
	if err != nil {
		return err
	}
	value, err := config.At(o.path)
	if err != nil {
		return inputError(err)
	}
	if e.global.output == printer.JSON {
		return printer.PrintJSON(e.out, value)
	}
	return printer.PrintYAML(e.out, value)
}

func newProfileDiffCmd(e *env, runF func(context.Context, *profileOptions) error) *cobra.Command {
	o := &profileOptions{}
	cmd := &cobra.Command{
		Use:   "diff PROFILE PROFILE",
		Short: "Compare what two profiles set",
		Long: `Compare what two profiles set. To compare the objects that they come to, use
` + "`meshctl manifest diff profile:A profile:B`" + `. The exit code is 3 if there is a difference.`,
		Example:           `  meshctl profile diff default ambient`,
		Args:              usageArgs(cobra.ExactArgs(2)),
		ValidArgsFunction: completeProfiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.from, o.to = args[0], args[1]
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runProfileDiff(cmd.Context(), e, o)
		},
	}
	o.registerCharts(cmd)
	return cmd
}

func runProfileDiff(ctx context.Context, e *env, o *profileOptions) error {
	var trees [2]install.Values
	for i, name := range []string{o.from, o.to} {
		mesh := o.mesh
		mesh.profile = name
		config, err := mesh.config(ctx, e)
		if err != nil {
			return err
		}
		trees[i] = config.Tree()
	}
	fields := install.CompareTrees(trees[0], trees[1])
	report := printer.Report{Columns: printer.Columns("FIELD", o.from, o.to), Data: fields}
	for _, f := range fields {
		report.Rows = append(report.Rows, []string{f.Path, side(f.From), side(f.To)})
		report.Names = append(report.Names, f.Path)
	}
	if err := printer.Print(e.out, e.global.output, report); err != nil {
		return err
	}
	if len(fields) > 0 {
		return errFindings
	}
	return nil
}

// side writes one side of a comparison.
func side(v any) string {
	if v == nil {
		return "-"
	}
	return short(v)
}
