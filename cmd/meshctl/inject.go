package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/inject"
)

type injectOptions struct {
	input   manifestInput
	config  injectConfig
	output  string
	inPlace bool
	check   bool
	explain bool
	target  string // what to explain instead of files: a pod or workload in the cluster
	report  reportFormat
}

func newInjectCmd(e *env, runF func(context.Context, *injectOptions) error) *cobra.Command {
	o := &injectOptions{report: reportText}
	cmd := &cobra.Command{
		Use:     "inject [[TYPE/]NAME[.NAMESPACE]]",
		Aliases: []string{"kube-inject"},
		Short:   "Put the mesh's proxy into workloads",
		GroupID: groupWorkloads,
		Long: `Read YAML, put the proxy into the workloads, write YAML. Documents that are no
workloads, and workloads that are not to be injected, are copied byte for byte,
also in Lists. What was done and why is told on stderr.

The configuration comes from the files given by --inject-config-file,
--mesh-config-file and --values-file; what they leave open, and all of it
without them, from the charts in this program with --profile, --set and
--operator-file-name; or with --revision alone from the cluster's control plane
of that revision, or the objects named by --mesh-config-map-name,
--inject-config-map-name and --webhook-config. Only then a cluster is contacted.
With --from it is that of a snapshot.

Host network, the label and the annotation sidecar.istio.io/inject and the
system namespaces decide whether a workload is injected. A cluster's
configuration and the charts add what the webhook looks at: policy, selectors,
and the labels of Namespaces that are known. Namespaces and ProxyConfigs in the
input are, and go before those of the cluster. Workloads that name no namespace
count as those of --namespace.

With --explain an argument may name what to explain: a file, or a pod or workload
in the cluster, of which also the webhooks' selectors are explained.`,
		Example: `  # Inject and deploy
  meshctl inject -f app.yaml | kubectl apply -f -

  # Inject all files of a directory where they are
  meshctl inject -f manifests/ --in-place

  # In CI: fail (exit code 3) if a file is not what injection would make of it now
  meshctl inject -f manifests/ --check

  # With a configuration that was saved from a cluster
  meshctl inject -f app.yaml --inject-config-file inject.yaml --mesh-config-file mesh.yaml --values-file values.json

  # With the configuration of a control plane in the cluster
  meshctl inject -f app.yaml --revision canary

  # Why is this workload (not) injected? In a file, and in the cluster
  meshctl inject --explain app.yaml
  meshctl inject --explain deploy/web -n shop`,
		Args: usageArgs(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.take(args); err != nil {
				return err
			}
			if err := o.validate(); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runInject(cmd.Context(), e, o)
		},
	}
	cmd.AddCommand(newInjectDisableCmd(e, nil), newInjectEnableCmd(e, nil))
	o.input.register(cmd)
	o.config.register(cmd)
	fs := cmd.Flags()
	fs.StringVarP(&o.output, "output", "o", "", "`file` to write to, as a whole or not at all (default: stdout)")
	fs.BoolVar(&o.inPlace, "in-place", false, "write each file back where it came from")
	fs.BoolVar(&o.check, "check", false, "write nothing; exit with 3 if injection would change a file")
	fs.BoolVar(&o.explain, "explain", false, "write nothing but the steps that led to each decision")
	fs.Var(newChoice(&o.report, reportText, reportJSON, reportNone), "report", "`form` of the report on stderr: text, json or none")
	return cmd
}

// take finds out what an argument means. Only --explain takes one: a file, or
// else something in the cluster.
func (o *injectOptions) take(args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case !o.explain:
		return usagef("inject takes no arguments, got %q; name files by -f, or add --explain to have it explained", args[0])
	case len(o.input.files) > 0 || o.input.kustomize != "":
		return usagef("--explain explains %q or the files given by -f or -k, not both", args[0])
	}
	if _, err := os.Stat(args[0]); err == nil || args[0] == resource.StdinName || isURL(args[0]) || looksLikeFile(args[0]) {
		o.input.files = args
		return nil
	}
	o.target = args[0]
	if o.config.given() {
		return usagef("--explain %s goes by the configuration of its own control plane; leave out --revision and all other configuration", o.target)
	}
	return nil
}

func (o *injectOptions) validate() error {
	if o.target != "" && (o.output != "" || o.inPlace || o.check) {
		return usagef("--output, --in-place, --check and --explain exclude each other; use one of them")
	}
	if o.target != "" {
		return nil
	}
	if err := o.input.validate(o.inPlace); err != nil {
		return err
	}
	chosen := 0
	for _, set := range []bool{o.output != "", o.inPlace, o.check, o.explain} {
		if set {
			chosen++
		}
	}
	if chosen > 1 {
		return usagef("--output, --in-place, --check and --explain exclude each other; use one of them")
	}
	if slices.Contains(printer.Formats(), printer.Format(o.output)) {
		return usagef("--output %s: expected a file to write to; the output is YAML, the report may be JSON (--report json)", o.output)
	}
	return o.config.validate()
}

func runInject(ctx context.Context, e *env, o *injectOptions) error {
	if o.target != "" {
		return explainTarget(ctx, e, o)
	}
	if e.getenv("GOGC") == "" {
		// Injection leaves much garbage and keeps little.
		defer debug.SetGCPercent(debug.SetGCPercent(200))
	}
	files, err := o.input.read(ctx, e)
	if err != nil {
		return err
	}
	injector, err := o.config.injector(ctx, e, decidingObjects(files))
	if err != nil {
		return err
	}
	results := make([]inject.Result, len(files))
	for i, f := range files {
		results[i] = injector.Stream(f.Name, f.Data)
	}
	e.tellEmpty(o.report, files, results)
	reports := allReports(results)
	switch {
	case o.explain:
		return explainReports(e, o.report, reports)
	case o.check:
		return checkInjected(e, o.report, reports)
	}
	if err := e.tellReports(o.report, reports); err != nil {
		return err
	}
	return writeResults(e, o.report, o.output, o.inPlace, files, results)
}

// writeResults writes what became of the files. A file is written only if
// nothing failed; stdout gets what worked.
func writeResults(e *env, report reportFormat, output string, inPlace bool, files []resource.File, results []inject.Result) error {
	whole := inPlace || output != "" && output != resource.StdinName
	so := " and are left out of the output"
	if whole {
		so = "; nothing is written"
	}
	failure := failuresOf(e, report, allReports(results), so)
	if failure != nil && whole {
		return failure
	}
	if inPlace {
		for i, f := range files {
			if bytes.Equal(f.Data, results[i].YAML) {
				continue
			}
			if err := resource.WriteFile(f.Name, results[i].YAML); err != nil {
				return err
			}
		}
		return nil
	}
	text := joinStreams(results)
	if output != "" && output != resource.StdinName {
		return resource.WriteFile(output, text)
	}
	if _, err := e.out.Write(text); err != nil {
		return fmt.Errorf("writing the output: %w", err)
	}
	return failure
}

// joinStreams makes one stream of several.
func joinStreams(results []inject.Result) []byte {
	var out bytes.Buffer
	for _, r := range results {
		if out.Len() > 0 {
			if !bytes.HasSuffix(out.Bytes(), []byte("\n")) {
				out.WriteByte('\n')
			}
			if !bytes.HasPrefix(r.YAML, []byte("---")) {
				out.WriteString("---\n")
			}
		}
		out.Write(r.YAML)
	}
	return out.Bytes()
}

// checkInjected lists the workloads that injection would change.
func checkInjected(e *env, report reportFormat, reports []inject.Report) error {
	if report == reportJSON {
		if err := e.tellReports(report, reports); err != nil {
			return err
		}
	}
	if err := failuresOf(e, report, reports, ""); err != nil {
		return err
	}
	var differences []inject.Remark
	for _, r := range reports {
		if r.Changed {
			text := r.Object() + " differs from what injection makes of it now"
			differences = append(differences, inject.Remark{File: r.File, Line: r.Line, Text: text})
		}
	}
	if _, err := io.WriteString(e.out, layOut(differences, width(e.out))); err != nil {
		return fmt.Errorf("writing the output: %w", err)
	}
	if len(differences) > 0 {
		return errFindings
	}
	return nil
}
