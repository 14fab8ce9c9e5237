package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/pkg/inject"
)

type uninjectOptions struct {
	input   manifestInput
	output  string
	inPlace bool
	report  reportFormat
}

func newUninjectCmd(e *env, runF func(context.Context, *uninjectOptions) error) *cobra.Command {
	o := &uninjectOptions{report: reportText}
	cmd := &cobra.Command{
		Use:     "uninject",
		Short:   "Take the mesh's proxy out of workloads",
		GroupID: groupWorkloads,
		Long: `Read YAML, take out of the workloads what injection has put in, write YAML.
Probes, labels and annotations become what they were. Everything that has no
proxy is copied byte for byte.

What ` + "`meshctl inject`" + ` has written comes back exactly. In objects from a cluster
the pod does not tell everything: labels and annotations that injection would
have set then count as set by injection.`,
		Example: `  # Back to the file that was injected
  meshctl uninject -f app-injected.yaml > app.yaml

  # All files of a directory where they are
  meshctl uninject -f manifests/ --in-place

  # A workload in the cluster
  kubectl get deployment web -o yaml | meshctl uninject -f - | kubectl apply -f -`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runUninject(cmd.Context(), e, o)
		},
	}
	o.input.register(cmd)
	fs := cmd.Flags()
	fs.StringVarP(&o.output, "output", "o", "", "`file` to write to, as a whole or not at all (default: stdout)")
	fs.BoolVar(&o.inPlace, "in-place", false, "write each file back where it came from")
	fs.Var(newChoice(&o.report, reportText, reportJSON, reportNone), "report", "`form` of the report on stderr: text, json or none")
	return cmd
}

func (o *uninjectOptions) validate() error {
	if o.output != "" && o.inPlace {
		return usagef("--output and --in-place exclude each other; use one of them")
	}
	return o.input.validate(o.inPlace)
}

func runUninject(ctx context.Context, e *env, o *uninjectOptions) error {
	files, err := o.input.read(ctx, e)
	if err != nil {
		return err
	}
	results := make([]inject.Result, len(files))
	for i, f := range files {
		results[i] = inject.Uninject(f.Name, f.Data)
	}
	e.tellEmpty(o.report, files, results)
	if err := e.tellReports(o.report, allReports(results)); err != nil {
		return err
	}
	return writeResults(e, o.report, o.output, o.inPlace, files, results)
}
