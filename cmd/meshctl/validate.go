package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/pkg/analyze"
)

type validateOptions struct {
	input analyzeInput
}

func newValidateCmd(e *env, runF func(context.Context, *validateOptions) error) *cobra.Command {
	o := &validateOptions{}
	cmd := &cobra.Command{
		Use:     "validate [FILE|DIRECTORY|-]...",
		Aliases: []string{"v"},
		Short:   "Check that objects are valid, each by itself",
		GroupID: groupConfig,
		Long: `Check each object of the mesh's kinds by itself: fields and values against its
CRD, and the rules that a CRD cannot express. Names of Services' ports are
checked as well; other kinds are accepted.

This is the part of ` + "`meshctl analyze`" + ` that looks at one object at a time; the two
never disagree. No cluster is contacted. The exit code is 3 if an object is not
valid.`,
		Example: `  # Files and directories
  meshctl validate gateway.yaml mesh/

  # What a template makes
  helm template mychart | meshctl validate -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.input.paths = append(o.input.paths, args...)
			if len(o.input.paths) == 0 {
				return usagef("name files to validate, or - for stdin")
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runValidate(cmd.Context(), e, o)
		},
	}
	fs := cmd.Flags()
	fs.StringSliceVarP(&o.input.paths, "filename", "f", nil, "`file` or directory to check, as the arguments (repeatable, - for stdin)")
	fs.BoolP("referential", "x", true, "accepted for the peer's sake")
	_ = fs.MarkHidden("referential") // the flag exists, so this cannot fail
	_ = cmd.MarkFlagFilename("filename", "yaml", "yml", "json")
	e.outputFlag(cmd, findingFormats()...)
	return cmd
}

func runValidate(ctx context.Context, e *env, o *validateOptions) error {
	loaded, err := o.input.load(ctx, e, analyze.Validators(), true)
	if err != nil {
		return err
	}
	findings := append(analyze.Run(loaded.mesh, analyze.Validators()), loaded.unreadable...)
	findings = analyze.Suppress(analyze.Sort(findings), nil)
	if err := printFindings(e, findings, loaded.mesh.Len()); err != nil {
		return err
	}
	level, any := analyze.Worst(findings)
	if any && level >= analyze.Error {
		return errFindings
	}
	if any {
		fmt.Fprintln(e.err, "valid, with the warnings above")
	}
	return nil
}
