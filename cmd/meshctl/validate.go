package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze"
)

// validateOptions is what validate was asked to check.
type validateOptions struct {
	paths []string
}

func newValidateCmd(e *env, runF func(context.Context, *validateOptions) error) *cobra.Command {
	o := &validateOptions{}
	cmd := &cobra.Command{
		Use:     "validate [FILE|DIRECTORY|-]...",
		Aliases: []string{"v"},
		Short:   "Check mesh objects one by one, before they are applied",
		GroupID: groupConfig,
		Long: `Check files with mesh objects against the schemas of their kinds and the rules
of the control plane's admission webhook, without a cluster. Fields that do not
exist are mistakes. What objects mean for each other is the business of
"analyze".

Beside the mesh's own kinds, Services, workloads, Namespaces, ConfigMaps, Secrets
and ServiceAccounts are checked as the API server does: types of values, what must
not be missing, names, ports; a field that it does not know may be of a later
release and is reported only if it looks like a slip. Ports of Services have to
name their protocol, pods of Deployments should have the labels app and version,
and IstioOperator files are checked against the settings of this release. Objects
of other kinds are left alone.

The exit code is 3 if there is an error or a document that cannot be read,
whatever the output format; warnings alone do not count.`,
		Example: `  # One file
  meshctl validate bookinfo-gateway.yaml

  # A directory with all below it, for a pipeline
  meshctl validate -f manifests/ -o json

  # What a tool makes
  kustomize build . | meshctl validate -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.paths = append(o.paths, args...)
			if len(o.paths) == 0 {
				return usagef("there is nothing to validate: name files or directories, or - for stdin")
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runValidate(e, o)
		},
	}
	fs := cmd.Flags()
	fs.StringSliceVarP(&o.paths, "filename", "f", nil, "`file` or directory to check, as the arguments (repeatable, - for stdin)")
	fs.BoolP("referential", "x", true, "accepted for scripts; it changes nothing")
	_ = fs.MarkHidden("referential") // the flags exist, so this cannot fail
	_ = cmd.MarkFlagFilename("filename", "yaml", "yml", "json")
	e.outputFlag(cmd, findingFormats()...)
	return cmd
}

func runValidate(e *env, o *validateOptions) error {
	objects, problems, err := resource.Load(o.paths, e.in)
	if err != nil {
		return usageError{err} // a path that was named cannot be opened
	}
	namespace := e.global.kube.Namespace
	if namespace == "" {
		namespace = "default"
	}
	analyze.PlaceInNamespace(objects, namespace)
	findings := analyze.Validate(objects, analyze.Settings{IstioNamespace: e.global.istioNamespace})
	findings = append(findings, validateOperators(objects)...)
	findings = analyze.Sort(append(findings, analyze.Unreadable(problems)...))
	if err := printFindings(e, findings, len(objects)); err != nil {
		return err
	}
	if level, any := analyze.Worst(findings); any && level >= analyze.Error {
		return errFindings
	}
	return nil
}
