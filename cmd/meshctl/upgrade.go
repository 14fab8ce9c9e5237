package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/pkg/install"
)

func newUpgradeCmd(e *env, runF func(context.Context, *installOptions) error) *cobra.Command {
	o := &installOptions{upgrade: true, mesh: meshInput{goOn: true}}
	cmd := &cobra.Command{
		Use:     "upgrade",
		Short:   "Upgrade a control plane in place",
		GroupID: groupInstall,
		Long: `Bring an installed control plane to the release of this program. First it is
checked that the step is not too far, for the control plane and for the proxies
that are connected to it. The rest is as with ` + "`meshctl install`" + `.

Without -f, --profile or --values it starts from what the installed mesh was asked
for (` + "`meshctl manifest export`" + ` shows that), so that no setting is lost on the way.

To try a new version beside the old one, install it with --revision and move
namespaces over by ` + "`meshctl tag set`" + `.`,
		Example: `  # See what changes, then upgrade
  meshctl upgrade --plan
  meshctl upgrade

  # With the file that the mesh is kept in
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

// recorded gives the operator document that the installed mesh was asked for;
// none if no installation has left one.
func (m *meshInput) recorded(ctx context.Context, e *env, cluster meshCluster) ([]install.File, error) {
	state, err := install.ReadInstalledState(ctx, cluster, cmp.Or(m.revision, "default"), "")
	if err != nil {
		return nil, inputError(err)
	}
	if state == nil {
		e.warn("the cluster has no record of what its mesh was asked for, so this is the default profile; to keep what is installed, give -f (meshctl manifest export writes such a file)")
		return nil, nil
	}
	document, err := install.ToYAML(state.Document)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(e.err, "starting from what the installed mesh was asked for: meshctl manifest export shows it")
	if state.Charts != "" && m.manifests == "" {
		e.warn(fmt.Sprintf("it was installed with --manifests %s, now come the charts in this program", state.Charts))
	}
	return []install.File{{Name: "the installed mesh's record", Data: document}}, nil
}
