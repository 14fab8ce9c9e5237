package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/analyze"
)

// analyzeOptions is what analyze was asked to do.
type analyzeOptions struct {
	input       analyzeInput
	analyzers   []analyze.Analyzer
	filter      findingFilter
	fail, show  analyze.Level
	allNames    bool
	list        bool
	fix, dryRun bool
	explain     string

	// As typed; resolve turns them into the fields above.
	names, suppress []string
	failText        string
	showText        string
	scopeText       string
}

func newAnalyzeCmd(e *env, runF func(context.Context, *analyzeOptions) error) *cobra.Command {
	o := &analyzeOptions{}
	cmd := &cobra.Command{
		Use:     "analyze [FILE|DIRECTORY|-]...",
		Short:   "Find mistakes and conflicts in mesh configuration",
		GroupID: groupConfig,
		Long: `Check mesh configuration and say what is wrong with it, where, and what to do.

With files, directories or - (stdin) only these are read and no cluster is
contacted; --use-kube lays them over the current cluster instead, and says what
would be wrong if they were applied. Without files the cluster is checked. What
you may not read there is named on stderr and left out.

--scope says how much of the mesh the files are. "whole": what is not in them
does not exist. "partial": a fragment of the mesh's configuration; workloads,
Services and Secrets are not looked at. "auto" decides for each kind: what is
missing is reported for kinds of which the files hold objects; stderr tells
what was assumed to exist elsewhere.

The exit code is 3 if there is a finding at or above --failure-threshold,
whatever the output format. A document that cannot be read is such a finding. It
is 4 if there is none but a cluster failed while it was read.`,
		Example: `  # A directory of configuration, before it is merged
  meshctl analyze mesh/

  # The whole mesh from files: references to objects that are not there are errors
  meshctl analyze --scope whole manifests/

  # The current cluster, all namespaces
  meshctl analyze --all-namespaces

  # What would be wrong if this were applied?
  meshctl analyze --use-kube new.yaml

  # Services of two clusters of one mesh have to agree
  meshctl analyze --all-namespaces --remote-contexts west

  # For a pipeline: fail on warnings too
  meshctl analyze mesh/ -o json --failure-threshold warning

  # Only findings that are new since the last accepted run
  meshctl analyze mesh/ -o json > baseline.json
  meshctl analyze mesh/ --baseline baseline.json

  # For code scanning on GitHub
  meshctl analyze mesh/ -o sarif > meshctl.sarif

  # Write what is safe to write; look at it first
  meshctl analyze mesh/ --fix --dry-run
  meshctl analyze mesh/ --fix

  # What does this code mean?
  meshctl analyze --explain IST0101

  # Hide findings that are known
  meshctl analyze mesh/ --suppress "IST0102=Namespace frod" --suppress "IST0132=VirtualService shop/*"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.resolve(args, cmd.Flags().Changed("use-kube")); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runAnalyze(cmd.Context(), e, o)
		},
	}
	o.input.register(cmd)
	o.filter.register(cmd)
	fs := cmd.Flags()
	fs.BoolVarP(&o.allNames, "all-namespaces", "A", false, "report on all namespaces")
	fs.StringSliceVar(&o.names, "analyzer", nil, "`name` of an analyzer to run instead of all (repeatable)")
	fs.BoolVarP(&o.list, "list-analyzers", "L", false, "list all analyzers")
	fs.StringArrayVarP(&o.suppress, "suppress", "S", nil, "hide findings, as `CODE=OBJECT`: \"Kind namespace/name\" or \"Kind name.namespace\", with wildcards (repeatable)")
	fs.StringVar(&o.failText, "failure-threshold", "error", "lowest `level` that makes the exit code 3: info, warning or error")
	fs.StringVar(&o.showText, "output-threshold", "info", "lowest `level` that is shown: info, warning or error")
	fs.StringVar(&o.scopeText, "scope", "auto", "how much of the mesh the files are: `"+strings.Join(analyze.Scopes(), ", ")+"`")
	fs.BoolVar(&o.fix, "fix", false, "make the fixes that are safe in the files, keeping comments")
	fs.BoolVar(&o.dryRun, "dry-run", false, "with --fix: change no file, print a patch instead of the findings")
	fs.StringVar(&o.explain, "explain", "", "explain a `code` and exit")
	e.outputFlag(cmd, findingFormats()...)
	_ = cmd.RegisterFlagCompletionFunc("analyzer", completeAnalyzers) // the flag exists, so this cannot fail
	_ = cmd.RegisterFlagCompletionFunc("explain", completeCodes)
	_ = cmd.RegisterFlagCompletionFunc("suppress", completeCodes)
	_ = cmd.RegisterFlagCompletionFunc("scope", cobra.FixedCompletions(analyze.Scopes(), cobra.ShellCompDirectiveNoFileComp))
	for _, name := range []string{"failure-threshold", "output-threshold"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions([]string{"info", "warning", "error"}, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

// resolve turns what was typed into what is meant.
func (o *analyzeOptions) resolve(args []string, kubeChosen bool) (err error) {
	o.input.paths = append(o.input.paths, args...)
	if o.fail, err = analyze.ParseLevel(o.failText); err != nil {
		return usagef("--failure-threshold: %w", err)
	}
	if o.show, err = analyze.ParseLevel(o.showText); err != nil {
		return usagef("--output-threshold: %w", err)
	}
	if o.input.scope, err = analyze.ParseScope(o.scopeText); err != nil {
		return usagef("--scope: %w", err)
	}
	o.analyzers = analyze.All()
	if len(o.names) > 0 {
		if o.analyzers, err = analyze.Select(o.analyzers, o.names); err != nil {
			return usagef("--analyzer: %w", err)
		}
	}
	for _, text := range o.suppress {
		s, err := analyze.ParseSuppression(text)
		if err != nil {
			return usagef("--suppress: %w", err)
		}
		o.filter.suppressions = append(o.filter.suppressions, s)
	}
	if o.dryRun && !o.fix {
		return usagef("--dry-run belongs to --fix")
	}
	if len(o.input.paths) > 0 && !o.input.useKube && (len(o.input.remoteContexts) > 0 || o.input.remoteSecrets) {
		return usagef("--remote-contexts and --remote-secrets compare clusters: leave out the files, or add --use-kube")
	}
	if len(o.input.paths) == 0 && kubeChosen && !o.input.useKube && !o.list && o.explain == "" {
		return usagef("there is nothing to analyze: name files, or leave out --use-kube=false")
	}
	return nil
}

func runAnalyze(ctx context.Context, e *env, o *analyzeOptions) error {
	if o.list {
		return printAnalyzers(e)
	}
	if o.explain != "" {
		return explainCode(e, o.explain)
	}
	if e.getenv("GOGC") == "" {
		// Nearly all that is loaded stays to the end, so that there is little
		// garbage to find and no need for much room between two searches.
		debug.SetGCPercent(30)
	}
	loaded, err := o.input.load(ctx, e, o.analyzers, o.allNames)
	if err != nil {
		return err
	}
	findings := append(analyze.Run(loaded.mesh, o.analyzers), loaded.unreadable...)
	if findings, err = o.filter.apply(ctx, e, findings); err != nil {
		return err
	}
	if !o.allNames && loaded.namespace != "" {
		findings = analyze.InNamespace(findings, loaded.namespace)
	}
	loaded.tellAssumptions(e)
	if o.fix {
		if findings, err = fixFindings(e, findings, o.dryRun); err != nil || o.dryRun {
			return err
		}
	}
	if err := printFindings(e, analyze.AtLeast(findings, o.show), loaded.mesh.Len()); err != nil {
		return err
	}
	if level, any := analyze.Worst(findings); any && level >= o.fail {
		return errFindings
	}
	return loaded.missing.err()
}

func printAnalyzers(e *env) error {
	type item struct {
		Name  string   `json:"name"`
		Doc   string   `json:"description"`
		Codes []string `json:"codes"`
	}
	report := printer.Report{Columns: []printer.Column{{Title: "NAME"}, {Title: "DESCRIPTION"}, {Title: "CODES", Wide: true}}}
	items := []item{}
	for _, a := range analyze.All() {
		items = append(items, item{a.Name, a.Doc, a.Codes})
		report.Names = append(report.Names, a.Name)
		report.Rows = append(report.Rows, []string{a.Name, a.Doc, strings.Join(a.Codes, " ")})
	}
	report.Data = items
	format := e.global.output
	if format == formatLog {
		format = printer.Table
	}
	return printer.Print(e.out, format, report)
}

func completeAnalyzers(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, a := range analyze.All() {
		names = append(names, a.Name+"\t"+a.Doc)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func completeCodes(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var ids []string
	for _, c := range analyze.Codes() {
		ids = append(ids, c.ID+"\t"+c.Title)
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

func explainCode(e *env, id string) error {
	code, known := analyze.Lookup(id)
	if !known {
		return usagef("--explain: unknown code %q; `meshctl analyze -L -o wide` lists all", id)
	}
	_, err := fmt.Fprint(e.out, analyze.Explain(code))
	return err
}
