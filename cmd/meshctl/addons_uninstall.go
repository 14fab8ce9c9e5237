package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/pkg/addons"
	"github.com/meshctl/meshctl/pkg/install"
)

type addonsUninstallOptions struct {
	addonsChange
	purgeData bool
}

func newAddonsUninstallCmd(e *env, runF func(context.Context, *addonsUninstallOptions) error) *cobra.Command {
	o := &addonsUninstallOptions{}
	cmd := &cobra.Command{
		Use:   "uninstall [" + strings.Join(addons.Names(), " ") + "]",
		Short: "Remove addons, all of them if none is named",
		Long: `Remove addons, and tell those that stay that they are gone. Volumes are kept, with
the password for what Grafana's volume holds, and used again by the next
installation; --purge-data removes them, also those of addons that were removed
before. Nothing of the mesh is touched.`,
		Example: `  meshctl addons uninstall kiali
  meshctl addons uninstall --purge-data --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(args); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runAddonsUninstall(cmd.Context(), e, o)
		},
	}
	o.register(cmd)
	cmd.Flags().BoolVar(&o.purgeData, "purge-data", false, "remove volumes and all that is in them")
	return cmd
}

func runAddonsUninstall(ctx context.Context, e *env, o *addonsUninstallOptions) error {
	return o.run(ctx, e, func(_ context.Context, have *installedAddons) (*wantedAddons, error) {
		going := o.names
		if len(going) == 0 {
			going = addons.Names()
		}
		stays := slices.DeleteFunc(have.names(), func(name string) bool { return slices.Contains(going, name) })
		w := &wantedAddons{options: have.options(e, stays), removes: true}
		w.keep = func(object *install.Object) bool {
			return have.data(object) && (!o.purgeData || !slices.Contains(going, object.Component))
		}
		some := false
		for _, object := range have.objects {
			switch {
			case !slices.Contains(going, object.Component):
			case w.keep(object):
				w.after = append(w.after, fmt.Sprintf("kept: %s (--purge-data removes it)", object.ID()))
			default:
				some = true
			}
		}
		if some {
			return w, nil
		}
		e.tell("there is nothing to remove in namespace %s", e.addonsNamespace())
		for _, line := range w.after {
			e.tell("%s", line)
		}
		return nil, nil
	})
}
