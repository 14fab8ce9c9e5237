package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/install"
)

type manifestTranslateOptions struct {
	mesh   meshInput
	output string
}

func newManifestTranslateCmd(e *env, runF func(context.Context, *manifestTranslateOptions) error) *cobra.Command {
	o := &manifestTranslateOptions{}
	cmd := &cobra.Command{
		Use:   "translate",
		Short: "Turn IstioOperator files into Helm values, one file a chart",
		Long: `Give the Helm values of each chart that an installation consists of, and tell
what Helm cannot express: k8s settings and overlays of the operator document,
and gateways, whose chart is another one. No cluster is contacted.`,
		Example: `  # To stdout, as one document a chart
  meshctl manifest translate -f mesh.yaml

  # As files base-values.yaml, pilot-values.yaml ... in a folder
  meshctl manifest translate -f mesh.yaml -o values/`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runManifestTranslate(cmd.Context(), e, o)
		},
	}
	o.mesh.register(cmd)
	cmd.Flags().StringVarP(&o.output, "output", "o", "yaml", "yaml or json on stdout; else a `directory` to write to")
	return cmd
}

func runManifestTranslate(ctx context.Context, e *env, o *manifestTranslateOptions) error {
	rendering, err := o.mesh.render(ctx, e)
	if err != nil {
		return err
	}
	translated, err := install.Translate(rendering)
	if err != nil {
		return err
	}
	for _, t := range translated {
		e.warn(t.Warnings...)
	}
	switch o.output {
	case "json":
		return printer.PrintJSON(e.out, translated)
	case "yaml", "table", "wide":
		for _, t := range translated {
			if t.Release == "" {
				continue
			}
			values, err := install.ToYAML(t.Values)
			if err != nil {
				return err
			}
			fmt.Fprintf(e.out, "# %s\n%s---\n", t.Command, values)
		}
		return nil
	}
	return writeTranslation(e, o.output, translated)
}

func writeTranslation(e *env, folder string, translated []install.Translation) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("creating the output folder: %w", err)
	}
	for _, t := range translated {
		if t.Release == "" {
			continue
		}
		values, err := install.ToYAML(t.Values)
		if err != nil {
			return err
		}
		if err := resource.WriteFile(filepath.Join(folder, t.File), values); err != nil {
			return err
		}
		fmt.Fprintln(e.err, t.Command)
	}
	return nil
}
