package main

import (
	"context"

	"github.com/spf13/cobra"
)

func newUpgradeCmd(e *env, runF func(context.Context, *installOptions) error) *cobra.Command {
	o := &installOptions{upgrade: true}
	cmd := &cobra.Command{
		Use:     "upgrade",
		Short:   "Upgrade a control plane in place",
		GroupID: groupInstall,
		Long: `Bring an installed control plane to the release of this program. First it is
checked that the step is not too far, for the control plane and for the proxies
that are connected to it. The rest is as with ` + "`meshctl install`" + `.

To try a new version beside the old one, install it with --revision and move
namespaces over by ` + "`meshctl tag set`" + `.`,
		Example: `  # See what changes, then upgrade
  meshctl upgrade -f mesh.yaml --plan
  meshctl upgrade -f mesh.yaml`,
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runInstall(cmd.Context(), e, o)
		},
	}
	o.register(cmd)
	return cmd
}
