package install

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// planVersion is the format of a saved plan.
const planVersion = "meshctl/v1"

// requestsAtOnce is how many objects are planned or applied in parallel.
const requestsAtOnce = 8

// Plan is what an installation would do to a cluster.
type Plan struct {
	Version   string `json:"version"`
	Server    string `json:"server,omitempty"`    // the cluster that it was made for
	ClusterID string `json:"clusterId,omitempty"` // what stays the same if its address does not
	Release   string `json:"release"`
	Profile   string `json:"profile"`
	Revision  string `json:"revision"`
	Namespace string `json:"namespace"`
	Steps     []Step `json:"steps"`
}

// Step is what happens to one object.
type Step struct {
	ObjectChange
	// Conflicts are fields that another manager holds.
	Conflicts []Conflict `json:"conflicts,omitempty"`
	// Manifest is what is applied; nil for a deletion.
	Manifest map[string]any `json:"manifest,omitempty"`
	// Before identifies the state that the step was planned from, "" if there
	// was no such object.
	Before string `json:"before,omitempty"`
}

// PlanOptions steer MakePlan.
type PlanOptions struct {
	// Prune deletes objects of the same revision that are no longer rendered.
	Prune bool
}

// MakePlan asks the cluster what applying a rendering would change, by
// server-side dry runs: nothing is written.
func MakePlan(ctx context.Context, cluster Cluster, c *Config, r *Rendering, o PlanOptions) (*Plan, error) {
	objects, err := c.Owned(r)
	if err != nil {
		return nil, err
	}
	if objects, err = settleDefault(ctx, cluster, c, objects); err != nil {
		return nil, err
	}
	plan := &Plan{
		Version: planVersion, Release: c.Tag(),
		Profile: c.Profile(), Revision: c.Revision(), Namespace: c.Namespace(),
	}
	var gone []*Object
	if o.Prune {
		if gone, err = findPrunable(ctx, cluster, c, objects); err != nil {
			return nil, err
		}
	}
	plan.Steps, err = planSteps(ctx, cluster, objects, gone)
	return plan, err
}

// planSteps asks what applying some objects and deleting others would change.
func planSteps(ctx context.Context, cluster Cluster, objects, gone []*Object) ([]Step, error) {
	steps := make([]Step, len(objects))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(requestsAtOnce)
	for i, object := range objects {
		group.Go(func() (err error) {
			steps[i], err = planObject(groupCtx, cluster, object)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, object := range gone {
		step := Step{ObjectChange: newChange(Delete, object, nil)}
		var err error
		if step.Before, err = digest(object.content); err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// looksAtOne is how often an object is looked at until it stands still: a
// starting istiod writes into its webhooks while they are planned.
const looksAtOne = 3

// planObject finds out what applying one object would change.
func planObject(ctx context.Context, cluster Cluster, o *Object) (Step, error) {
	var step Step
	for range looksAtOne {
		found, err := cluster.Get(ctx, o.groupKind(), o.Namespace, o.Name)
		if missing(err) {
			return Step{ObjectChange: newChange(Create, o, nil), Manifest: markCreated(o)}, nil
		}
		if err != nil {
			return step, fmt.Errorf("planning %s: %w", o.ID(), err)
		}
		live, err := liveObject(found)
		if err != nil {
			return step, err
		}
		before, err := digest(live.content)
		if err != nil {
			return step, err
		}
		if before == step.Before {
			return step, nil // it stands still: the conflicts are no race
		}
		if step, err = planChange(ctx, cluster, o, live); err != nil {
			return step, fmt.Errorf("planning %s: %w", o.ID(), err)
		}
		step.Before = before
		if len(step.Conflicts) == 0 {
			break
		}
	}
	return step, nil
}

// planChange finds out what applying an object would change of the one that is
// there.
func planChange(ctx context.Context, cluster Applier, o, live *Object) (Step, error) {
	step := Step{Manifest: o.content}
	if o.Kind == "CustomResourceDefinition" && sameCRD(keepShared(o, live), live.content) {
		step.ObjectChange = newChange(Keep, o, nil)
		return step, nil
	}
	step.Manifest = keepMark(yieldToControlPlane(keepShared(o, live), live.content), live.content)
	planned, conflicts, err := dryRun(ctx, cluster, o.ID(), step.Manifest)
	if err != nil {
		return step, err
	}
	fields := compareValues(nil, "", withoutNoise(live.content), withoutNoise(planned))
	step.Conflicts = markSame(conflicts, fields)
	action := Change
	if len(fields) == 0 {
		action = Keep
	}
	step.ObjectChange = newChange(action, o, hideSecrets(o.Kind, fields))
	return step, nil
}

// dryRun asks what an apply gives. With conflicts it asks again by force, so
// that the plan shows what taking the fields over would do.
func dryRun(ctx context.Context, cluster Applier, id string, manifest map[string]any) (map[string]any, []Conflict, error) {
	planned, err := cluster.Apply(ctx, manifest, ApplyOptions{DryRun: true})
	conflicts := conflictsOf(id, err)
	if conflicts != nil {
		planned, err = cluster.Apply(ctx, manifest, ApplyOptions{DryRun: true, Force: true})
	}
	if err != nil {
		return nil, nil, err
	}
	content, err := planned.Map()
	return content, conflicts, err
}

// missing tells that an object is not there. A kind that the cluster does not
// serve, because its CRD comes with the installation, reads the same.
func missing(err error) bool { return apierrors.IsNotFound(err) }

// Changes lists the steps that change something.
func (p *Plan) Changes() []ObjectChange {
	changes := []ObjectChange{}
	for _, step := range p.Steps {
		if step.Action != Keep {
			changes = append(changes, step.ObjectChange)
		}
	}
	return changes
}

// Conflicts lists the fields that other managers hold with another value, over
// all steps.
func (p *Plan) Conflicts() []Conflict {
	var all []Conflict
	for _, step := range p.Steps {
		all = append(all, inTheWay(step.Conflicts)...)
	}
	return all
}

// CheckFresh compares the cluster with the state that the plan was made from,
// and names the objects that have changed since.
func (p *Plan) CheckFresh(ctx context.Context, cluster Getter) error {
	moved := make([]string, len(p.Steps))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(requestsAtOnce)
	for i, step := range p.Steps {
		group.Go(func() error {
			o := step.object()
			found, err := cluster.Get(groupCtx, o.groupKind(), o.Namespace, o.Name)
			var now string
			if err == nil {
				var live *Object
				if live, err = liveObject(found); err != nil {
					return err
				}
				now, err = digest(live.content)
			}
			if err != nil && !missing(err) {
				return fmt.Errorf("comparing %s with the plan: %w", o.ID(), err)
			}
			if now != step.Before {
				moved[i] = o.ID()
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	moved = slices.DeleteFunc(moved, func(id string) bool { return id == "" })
	if len(moved) > 0 {
		return &StaleError{Objects: moved}
	}
	return nil
}

// object names what the step is about.
func (s Step) object() *Object {
	return &Object{
		Component: s.Component, APIVersion: s.APIVersion, Kind: s.Kind,
		Namespace: s.Namespace, Name: s.Name, content: s.Manifest,
	}
}

// StaleError says that a saved plan no longer fits the cluster.
type StaleError struct{ Objects []string }

func (e *StaleError) Error() string {
	return fmt.Sprintf("the cluster has changed since the plan was made (%s); make a new plan",
		joinSome(e.Objects, 5))
}
