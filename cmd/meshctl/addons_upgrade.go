package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/pkg/addons"
)

type addonsUpgradeOptions struct {
	addonsChange
	allowDowngrade bool
}

func newAddonsUpgradeCmd(e *env, runF func(context.Context, *addonsUpgradeOptions) error) *cobra.Command {
	o := &addonsUpgradeOptions{}
	cmd := &cobra.Command{
		Use:   "upgrade [" + strings.Join(addons.Names(), " ") + "]",
		Short: "Bring installed addons to the versions of this program",
		Long: `Bring the addons that are installed, or those that are named, to the versions and
manifests of this program. Volumes and Grafana's password stay. Nothing is
installed that is not there.`,
		Example: `  meshctl addons upgrade --plan
  meshctl addons upgrade grafana --yes`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(args); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runAddonsUpgrade(cmd.Context(), e, o)
		},
	}
	o.register(cmd)
	cmd.Flags().BoolVar(&o.noWait, "no-wait", false, "do not wait until everything is ready")
	cmd.Flags().BoolVar(&o.allowDowngrade, "allow-downgrade", false, "go back to an older version than the one that is installed")
	return cmd
}

func runAddonsUpgrade(ctx context.Context, e *env, o *addonsUpgradeOptions) error {
	return o.run(ctx, e, func(_ context.Context, have *installedAddons) (*wantedAddons, error) {
		there := have.names()
		if len(there) == 0 {
			return nil, fmt.Errorf("there are no addons in namespace %s; `meshctl addons install` installs them", e.addonsNamespace())
		}
		for _, name := range o.names {
			if !slices.Contains(there, name) {
				return nil, fmt.Errorf("%s is not installed in namespace %s, only %s", name, e.addonsNamespace(), strings.Join(there, ", "))
			}
		}
		touched := o.names
		if len(touched) == 0 {
			touched = there
		}
		if !o.allowDowngrade {
			if err := have.checkVersions(touched); err != nil {
				return nil, err
			}
		}
		w := &wantedAddons{options: have.options(e, there), touch: o.names, keep: have.data}
		if slices.Contains(touched, "grafana") && have.secret == nil {
			return nil, errors.New("the Secret " + addons.Secret + " of Grafana is gone; `meshctl addons install grafana` makes a new one")
		}
		return w, nil
	})
}
