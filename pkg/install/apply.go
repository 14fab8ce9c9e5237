package install

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
)

// RunOptions steer Run.
type RunOptions struct {
	// ForceConflicts takes over fields that other managers hold.
	ForceConflicts bool
	// NoWait ends as soon as everything is applied.
	NoWait bool
	// Logs tells the last words of a container that crashed; nil for none.
	Logs Logs
	// Report is told of all progress, one call at a time; nil for none.
	Report func(Event)
}

// Result sums up a run.
type Result struct {
	Applied   int `json:"applied"`
	Unchanged int `json:"unchanged"`
	Deleted   int `json:"deleted"`
}

// Run carries out a plan. It may be interrupted at any point: a new plan picks
// up what is left.
func Run(ctx context.Context, cluster Cluster, p *Plan, o RunOptions) (Result, error) {
	r := &runner{cluster: cluster, options: o}
	if conflicts := p.Conflicts(); len(conflicts) > 0 && !o.ForceConflicts {
		return r.result, &ConflictError{conflicts}
	}
	for _, s := range stages(p.Steps) {
		if err := r.stage(ctx, s); err != nil {
			return r.result, err
		}
	}
	var gone []*Object
	for _, step := range p.Steps {
		if step.Action == Delete {
			gone = append(gone, step.object())
		}
	}
	if err := Remove(ctx, cluster, gone, r.report); err != nil {
		return r.result, fmt.Errorf("removing what is no longer wanted: %w", err)
	}
	return r.result, nil
}

type runner struct {
	cluster Cluster
	options RunOptions
	mu      sync.Mutex
	result  Result
	started map[string]bool
}

func (r *runner) report(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e.Type {
	case Applied:
		r.result.Applied++
	case Deleted:
		r.result.Deleted++
	}
	if r.options.Report != nil {
		r.options.Report(e)
	}
}

// start reports the first touch of a component.
func (r *runner) start(component string) {
	r.mu.Lock()
	known := r.started[component]
	if !known {
		if r.started == nil {
			r.started = map[string]bool{}
		}
		r.started[component] = true
	}
	r.mu.Unlock()
	if !known {
		r.report(Event{Type: Started, Component: component})
	}
}

// apply applies one step. If fields of other managers are in the way, the object
// is looked at once more: it may have changed since it was planned, and fields
// that already have their value are taken over.
func (r *runner) apply(ctx context.Context, step Step) error {
	id := step.ID()
	_, err := r.cluster.Apply(ctx, step.Manifest, ApplyOptions{Force: r.options.ForceConflicts})
	if conflictsOf(id, err) == nil {
		return err
	}
	step, err = planObject(ctx, r.cluster, step.object())
	if err != nil {
		return err
	}
	if conflicts := inTheWay(step.Conflicts); len(conflicts) > 0 {
		return &ConflictError{conflicts}
	}
	_, err = r.cluster.Apply(ctx, step.Manifest, ApplyOptions{Force: len(step.Conflicts) > 0})
	if conflicts := conflictsOf(id, err); conflicts != nil {
		return &ConflictError{conflicts}
	}
	return err
}

func (r *runner) stage(ctx context.Context, s stage) error {
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(requestsAtOnce)
	for _, step := range s.steps {
		if !step.applies() {
			r.mu.Lock()
			r.result.Unchanged++
			r.mu.Unlock()
			continue
		}
		r.start(step.Component)
		group.Go(func() error {
			o := step.object()
			if err := r.apply(groupCtx, step); err != nil {
				r.report(Event{Type: Failed, Component: step.Component, Object: o.ID(), Message: err.Error()})
				return fmt.Errorf("applying %s: %w", o.ID(), err)
			}
			r.report(Event{Type: Applied, Component: step.Component, Object: o.ID()})
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if !s.wait || r.options.NoWait && s.name != "namespaces and CRDs" {
		return nil
	}
	// What did not change may still be on its way, if an earlier run was cut off.
	return r.await(ctx, s.steps)
}
