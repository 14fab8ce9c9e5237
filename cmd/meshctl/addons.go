package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/pkg/addons"
)

// addonsTimeout bounds what changes addons, from the first question to the
// last ready pod: images have to be fetched.
const addonsTimeout = 5 * time.Minute

func newAddonsCmd(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "addons",
		Short:   "Install Prometheus, Grafana, Kiali and Jaeger beside the mesh",
		GroupID: groupInstall,
		Long: `Install, list, upgrade and remove what is commonly put beside a mesh to look into
it: Prometheus, Grafana with dashboards of the golden signals, Kiali and Jaeger.
The manifests are part of this program; each addon is wired to the others that are
there. They are small installations for one cluster: one pod each, reached by
` + "`meshctl dashboard`" + `, closed to everything else by network policies.

They go to the namespace of the control plane (-i), or to that of -n.`,
	}
	cmd.AddCommand(
		newAddonsInstallCmd(e, nil),
		newAddonsListCmd(e, nil),
		newAddonsManifestCmd(e, nil),
		newAddonsUninstallCmd(e, nil),
		newAddonsUpgradeCmd(e, nil),
	)
	return cmd
}

// addonsChange is what all commands that change addons have in common.
type addonsChange struct {
	names          []string
	timeout        time.Duration
	yes            bool
	plan           bool
	dryRun         bool
	noWait         bool
	forceConflicts bool
}

func (o *addonsChange) register(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.DurationVar(&o.timeout, "timeout", addonsTimeout, "`time` for all of it, waiting included (0 = no limit)")
	fs.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	fs.BoolVar(&o.plan, "plan", false, "only show what would change; exit code 3 if anything would")
	fs.BoolVar(&o.plan, "diff", false, "the same as --plan")
	fs.BoolVar(&o.dryRun, "dry-run", false, "only show what would change; exit code 0")
	fs.BoolVar(&o.forceConflicts, "force-conflicts", false, "take over every field that another manager holds")
	cmd.ValidArgsFunction = completeAddons
}

func (o *addonsChange) onlyLooks() bool { return o.plan || o.dryRun }

// validate takes the names; none is not an error, and what it means is up to
// the command.
func (o *addonsChange) validate(names []string) error {
	o.names = names
	for _, name := range names {
		if _, err := addons.Named(name); err != nil {
			return usageError{err}
		}
	}
	return nil
}

func completeAddons(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	names := slices.DeleteFunc(addons.Names(), func(name string) bool { return slices.Contains(args, name) })
	return names, cobra.ShellCompDirectiveNoFileComp
}

// addonsNamespace is where addons live: where -n says, else in the namespace
// of the control plane.
func (e *env) addonsNamespace() string {
	if e.global.kube.Namespace != "" {
		return e.global.kube.Namespace
	}
	return e.global.istioNamespace
}

// run makes the plan of a change, shows it, asks, and carries it out.
func (o *addonsChange) run(ctx context.Context, e *env, want func(context.Context, *installedAddons) (*wantedAddons, error)) error {
	if !o.onlyLooks() {
		if err := e.needYes(o.yes); err != nil {
			return err
		}
	}
	cluster, err := e.meshCluster()
	if err != nil {
		return err
	}
	have, err := readAddons(ctx, cluster, e.addonsNamespace())
	if err != nil {
		return err
	}
	wanted, err := want(ctx, have)
	if err != nil || wanted == nil {
		return err
	}
	plan, err := wanted.plan(ctx, cluster, have)
	if err != nil {
		return err
	}
	changes := plan.Changes()
	if o.onlyLooks() {
		return e.printPlan(plan, o.dryRun)
	}
	if conflicts := plan.Conflicts(); len(conflicts) > 0 && !o.forceConflicts {
		return conflictsOf(conflicts)
	}
	if len(changes) > 0 && !o.yes {
		if err := e.writeChanges(e.err, changes); err != nil {
			return err
		}
		if err := e.confirm(false, "Apply these changes to %s?", cluster.Server()); err != nil {
			return err
		}
	}
	return o.carryOut(ctx, e, cluster, plan, wanted)
}
