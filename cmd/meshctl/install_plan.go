package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/install"
)

// showPlan prints a plan and writes it where --plan-out says.
func (o *installOptions) showPlan(e *env, plan *install.Plan) error {
	if o.planOut != "" {
		var b bytes.Buffer
		if err := printer.PrintJSON(&b, plan.Compact()); err != nil {
			return err
		}
		if err := resource.WritePrivateFile(o.planOut, b.Bytes()); err != nil {
			return err
		}
		if n := plan.Secrets(); n > 0 {
			e.warn(fmt.Sprintf("%s holds the values of %d Secrets: only you can read it, keep it that way", o.planOut, n))
		}
	}
	return e.printPlan(plan, o.dryRun)
}

// printPlan prints a plan in place of carrying it out. It ends with code 3 if
// anything would change, but not for a dry run.
func (e *env) printPlan(plan *install.Plan, dryRun bool) error {
	changes := plan.Changes()
	if err := e.printChanges(changes); err != nil {
		return err
	}
	if conflicts := plan.Conflicts(); len(conflicts) > 0 {
		e.warn((&install.ConflictError{Conflicts: conflicts}).Error())
	}
	if len(changes) > 0 && !dryRun {
		return errFindings
	}
	return nil
}

// savedPlan reads a plan and refuses it if it is for another cluster, or for
// another state of this one.
func (o *installOptions) savedPlan(ctx context.Context, e *env) (*install.Plan, meshCluster, error) {
	data, err := os.ReadFile(o.planFile)
	if err != nil {
		return nil, meshCluster{}, usagef("reading the plan: %w", err)
	}
	plan, err := install.ReadPlan(data)
	if err != nil {
		return nil, meshCluster{}, usagef("reading the plan %s: %w", o.planFile, err)
	}
	cluster, err := e.meshCluster()
	if err != nil {
		return nil, cluster, err
	}
	if plan.Server != cluster.Server() {
		return nil, cluster, usagef("the plan %s is for the cluster %s, but this is %s", o.planFile, plan.Server, cluster.Server())
	}
	if id := install.ClusterID(ctx, cluster); plan.ClusterID != "" && id != "" && plan.ClusterID != id {
		return nil, cluster, usagef("the plan %s is for another cluster that had the address %s; make a new plan", o.planFile, plan.Server)
	}
	return plan, cluster, plan.CheckFresh(ctx, cluster)
}

// conflicts decides about fields that other managers hold: whether they are
// taken over, or an error that names them.
func (o *installOptions) conflicts(e *env, plan *install.Plan) (take bool, err error) {
	conflicts := plan.Conflicts()
	switch {
	case len(conflicts) == 0 || o.forceConflicts:
		return o.forceConflicts, nil
	case !o.adopt:
		return false, fmt.Errorf("%w\n--adopt takes over what istioctl or Helm has installed, --force-conflicts everything",
			&install.ConflictError{Conflicts: conflicts})
	}
	strangers := slices.DeleteFunc(slices.Clone(conflicts), func(c install.Conflict) bool {
		return c.Manager == "istio-operator" || c.Manager == "helm" || c.Manager == "istioctl"
	})
	if len(strangers) > 0 {
		return false, fmt.Errorf("%w\n--adopt does not take these; --force-conflicts does", &install.ConflictError{Conflicts: strangers})
	}
	e.warn("taking over: " + (&install.ConflictError{Conflicts: conflicts}).Error())
	return true, nil
}

// notAllowed is the end of an installation whose precheck failed: by the
// user's rights (exit code 4) or by something else.
func notAllowed(cluster meshCluster, results []install.CheckResult) error {
	for _, r := range results {
		if r.Status == install.Fail && r.Category == "permissions" {
			return &kube.AccessError{
				Context: cluster.Context(), Server: cluster.Server(), Reason: kube.Forbidden,
				Doing: "checking what you may do", Err: errors.New("permissions are missing"),
				Next: "the lines above name them",
			}
		}
	}
	return errPrecheck
}
