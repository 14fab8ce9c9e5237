package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/install"
)

// installTimeout bounds an installation, from the first question to the last
// ready pod.
const installTimeout = 10 * time.Minute

type installOptions struct {
	mesh           meshInput
	timeout        time.Duration
	yes            bool
	plan           bool
	dryRun         bool
	planOut        string
	planFile       string
	adopt          bool
	forceConflicts bool
	noWait         bool
	noPrune        bool
	skipPrecheck   bool
	upgrade        bool
}

func newInstallCmd(e *env, runF func(context.Context, *installOptions) error) *cobra.Command {
	o := &installOptions{}
	cmd := &cobra.Command{
		Use:     "install",
		Aliases: []string{"apply"},
		Short:   "Install the mesh, or change what is installed",
		GroupID: groupInstall,
		Long: `Render the mesh's manifests and bring the cluster there: check that it can work,
plan by a dry run on the server, ask, apply, wait until it is ready, and remove
what an earlier installation of the same revision has left.

Running it again is safe at any time: what is done already is not done again, and
what was interrupted goes on. ` + "`--plan`" + ` shows each field that would change and ends
with code 3 if there is one.`,
		Example: `  # See what would happen, then do exactly that
  meshctl install -f mesh.yaml --plan --plan-out mesh.plan
  meshctl install --plan-file mesh.plan --yes

  # Change one setting of an installation
  meshctl install -f mesh.yaml --set meshConfig.outboundTrafficPolicy.mode=REGISTRY_ONLY

  # A second control plane beside the first
  meshctl install -f mesh.yaml --revision 1-31-1`,
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

func (o *installOptions) register(cmd *cobra.Command) {
	o.mesh.register(cmd)
	fs := cmd.Flags()
	fs.DurationVar(&o.timeout, "timeout", installTimeout, "`time` for all of it, waiting included (0 = no limit)")
	fs.DurationVar(&o.timeout, "readiness-timeout", installTimeout, "old name of --timeout")
	_ = fs.MarkHidden("readiness-timeout")
	fs.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	fs.BoolVar(&o.yes, "skip-confirmation", false, "old name of --yes")
	_ = fs.MarkHidden("skip-confirmation")
	fs.BoolVar(&o.plan, "plan", false, "only show what would change; exit code 3 if anything would")
	fs.BoolVar(&o.plan, "diff", false, "the same as --plan")
	fs.BoolVar(&o.dryRun, "dry-run", false, "only show what would change; exit code 0")
	fs.StringVar(&o.planOut, "plan-out", "", "write the plan to this `file`, which only you can read")
	fs.StringVar(&o.planFile, "plan-file", "", "carry out the plan in this `file`; refused if the cluster has changed since")
	fs.BoolVar(&o.adopt, "adopt", false, "take over what istioctl or Helm has installed")
	fs.BoolVar(&o.forceConflicts, "force-conflicts", false, "take over every field that another manager holds")
	fs.BoolVar(&o.noWait, "no-wait", false, "do not wait until everything is ready")
	fs.Bool("verify", true, "what install does always: wait until everything is ready")
	_ = fs.MarkHidden("verify")
	fs.BoolVar(&o.noPrune, "no-prune", false, "keep what is no longer part of the installation")
	fs.BoolVar(&o.skipPrecheck, "skip-precheck", false, "do not check the cluster first")
}

func (o *installOptions) validate() error {
	switch {
	case o.planFile != "" && (o.plan || o.planOut != "" || o.dryRun):
		return usagef("--plan-file carries a plan out; it cannot be used with --plan, --plan-out or --dry-run")
	case o.planFile != "" && (len(o.mesh.files) > 0 || len(o.mesh.sets) > 0 || len(o.mesh.setStrings) > 0 || o.mesh.profile != ""):
		return usagef("--plan-file holds all that is to be applied; leave out -f, --set and --profile")
	case o.adopt && o.forceConflicts:
		return usagef("--force-conflicts takes over everything; leave out --adopt")
	}
	return nil
}

// onlyLooks tells that nothing will be changed.
func (o *installOptions) onlyLooks() bool { return o.plan || o.dryRun || o.planOut != "" }

func runInstall(ctx context.Context, e *env, o *installOptions) error {
	if !o.onlyLooks() {
		if err := e.needYes(o.yes); err != nil {
			return err
		}
	}
	plan, cluster, err := o.makePlan(ctx, e)
	if err != nil {
		return err
	}
	changes := plan.Changes()
	if o.onlyLooks() {
		return o.showPlan(e, plan)
	}
	take, err := o.conflicts(e, plan)
	if err != nil {
		return err
	}
	if len(changes) > 0 && !o.yes {
		if err := e.writeChanges(e.err, changes); err != nil {
			return err
		}
		if err := e.confirm(false, "Apply these changes to %s?", cluster.Server()); err != nil {
			return err
		}
	}
	progress := newProgress(e)
	result, err := install.Run(ctx, cluster, plan, install.RunOptions{
		ForceConflicts: take, NoWait: o.noWait, Logs: cluster, Report: progress.report,
	})
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		fmt.Fprintln(e.err, "stopped on the way: what was applied stays, and the same command goes on from there")
	}
	if err != nil {
		return fmt.Errorf("installing: %w", err)
	}
	progress.finish()
	return e.summary(plan, result)
}

// summaryEvent is the last line of -o json.
type summaryEvent struct {
	Type string `json:"type"`
	install.Result
}

// summary says what an installation has come to.
func (e *env) summary(plan *install.Plan, result install.Result) error {
	switch e.global.output {
	case printer.JSON:
		return json.NewEncoder(e.out).Encode(summaryEvent{"summary", result})
	case printer.YAML:
		return printer.PrintYAML(e.out, result)
	}
	_, err := fmt.Fprintf(e.out, "Istio %s, profile %s, revision %s in namespace %s: %d applied, %d unchanged, %d removed\n",
		plan.Release, plan.Profile, plan.Revision, plan.Namespace, result.Applied, result.Unchanged, result.Deleted)
	return err
}

// makePlan reads the saved plan, or checks the cluster and makes one.
func (o *installOptions) makePlan(ctx context.Context, e *env) (*install.Plan, meshCluster, error) {
	if o.planFile != "" {
		return o.savedPlan(ctx, e)
	}
	config, rendering, cluster, err := o.mesh.renderFor(ctx, e)
	if err != nil {
		return nil, cluster, err
	}
	objects, err := config.Owned(rendering)
	if err != nil {
		return nil, cluster, err
	}
	if !o.skipPrecheck {
		if err := o.precheck(ctx, e, cluster, config, objects); err != nil {
			return nil, cluster, err
		}
	}
	plan, err := install.MakePlan(ctx, cluster, config, rendering, install.PlanOptions{Prune: !o.noPrune})
	if err != nil {
		return nil, cluster, err
	}
	plan.Server, plan.ClusterID = cluster.Server(), install.ClusterID(ctx, cluster)
	return plan, cluster, nil
}

// precheck stops an installation that cannot work.
func (o *installOptions) precheck(ctx context.Context, e *env, cluster meshCluster, config *install.Config, objects []*install.Object) error {
	results, err := install.Check(ctx, cluster, cluster, install.CheckOptions{
		Before: true, Namespace: config.Namespace(), Objects: objects, Now: e.now(),
	})
	if err != nil {
		return err
	}
	if o.upgrade {
		more, err := install.CheckSkew(ctx, cluster, config)
		if err != nil {
			return err
		}
		results = append(results, more...)
	}
	failed := false
	for _, r := range results {
		switch r.Status {
		case install.Warn:
			e.warn(checkLine(r))
		case install.Fail:
			// A dead webhook of this very revision is what installing again repairs.
			if r.Category == "webhooks" {
				e.warn(checkLine(r))
				continue
			}
			failed = true
			fmt.Fprintln(e.err, "error:", checkLine(r))
		}
	}
	if failed && !o.mesh.force {
		return notAllowed(cluster, results)
	}
	return nil
}

func checkLine(r install.CheckResult) string {
	text := r.Message
	if r.Resource != "" && r.Resource != "Cluster" {
		text = r.Resource + ": " + text
	}
	if r.Hint != "" {
		text += " (" + r.Hint + ")"
	}
	return text
}

// errPrecheck ends an installation that would not work.
var errPrecheck = errors.New("the cluster is not ready for this installation; --force goes on all the same")
