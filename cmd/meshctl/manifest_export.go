package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/install"
)

type manifestExportOptions struct {
	revision string
	name     string
}

func newManifestExportCmd(e *env, runF func(context.Context, *manifestExportOptions) error) *cobra.Command {
	o := &manifestExportOptions{}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print what the installed mesh was asked for, as an IstioOperator file",
		Long: `Print the IstioOperator document that the mesh of the cluster was installed from:
all files and settings merged, without what the profile adds. Installing it again
changes nothing; it is the file to start from for a change or an upgrade.

` + "`meshctl install`" + ` leaves that record in the cluster, once everything is ready. A mesh
that istioctl or Helm has installed has none: then the document is put together
from the Helm values that the control plane keeps, and what cannot be read back
is told.`,
		Example: `  # Save what is installed, then change one setting of it
  meshctl manifest export > installed-state.yaml
  meshctl install -f installed-state.yaml --set meshConfig.outboundTrafficPolicy.mode=REGISTRY_ONLY

  # The same without a file
  meshctl manifest export | meshctl install -f - --set meshConfig.accessLogFile=/dev/stdout --plan`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runManifestExport(cmd.Context(), e, o)
		},
	}
	cmd.Flags().StringVarP(&o.revision, "revision", "r", "default", "`revision` of the control plane")
	cmd.Flags().StringVar(&o.name, "name", "", "`name` of the operator document, if several share the revision")
	return cmd
}

func runManifestExport(ctx context.Context, e *env, o *manifestExportOptions) error {
	cluster, err := e.meshCluster()
	if err != nil {
		return err
	}
	state, err := install.ReadInstalledState(ctx, cluster, o.revision, o.name)
	if err == nil && state == nil {
		state, err = install.DeriveState(ctx, cluster, o.revision)
	}
	if err != nil {
		return inputError(err)
	}
	if state.Derived != "" {
		e.warn(fmt.Sprintf("no record of an installation by meshctl: this is put together from %s; settings below components.*.k8s are not in it, so look at the plan before you install it", state.Derived))
	}
	if state.Charts != "" {
		e.warn(fmt.Sprintf("it was installed with --manifests %s: give that again", state.Charts))
	}
	if e.global.output == printer.JSON {
		return printer.PrintJSON(e.out, state.Document)
	}
	return printer.PrintYAML(e.out, state.Document)
}
