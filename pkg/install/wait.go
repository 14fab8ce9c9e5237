package install

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// pollInterval is how often a waited-for object is read, and askEvery after how
// many looks it is asked why something is not ready.
const (
	pollInterval = 500 * time.Millisecond
	askEvery     = 4
)

// NotReadyError says what did not get ready in time, and why.
type NotReadyError struct {
	Reasons []string // "Deployment istio-system/istiod: pod ... "
	Err     error
}

func (e *NotReadyError) Error() string {
	return fmt.Sprintf("waiting until the installation is ready: %v\n  %s", e.Err, strings.Join(e.Reasons, "\n  "))
}

func (e *NotReadyError) Unwrap() error { return e.Err }

// await reads the objects of a stage until all are ready or the context ends.
func (r *runner) await(ctx context.Context, steps []Step) error {
	pending := slices.Clone(steps)
	pending = slices.DeleteFunc(pending, func(s Step) bool { return !awaited(s.Kind) })
	last := map[string]lack{}
	for look := 1; ; look++ {
		var open []Step
		for _, step := range pending {
			o := step.object()
			state, err := r.state(ctx, o)
			if err != nil {
				if ctx.Err() != nil {
					break
				}
				return fmt.Errorf("waiting for %s: %w", o.ID(), err)
			}
			if state == "" {
				if last[o.ID()] != (lack{}) || step.Action != Keep {
					r.report(Event{Type: Ready, Component: step.Component, Object: o.ID()})
				}
				continue
			}
			open = append(open, step)
			now := lack{state: state, cause: last[o.ID()].cause}
			if look%askEvery == 0 {
				now.cause = r.why(ctx, o, true)
			}
			if last[o.ID()] != now {
				last[o.ID()] = now
				r.report(Event{Type: Waiting, Component: step.Component, Object: o.ID(), Message: now.String()})
			}
		}
		if ctx.Err() == nil && len(open) == 0 {
			return nil
		}
		if ctx.Err() == nil {
			pending = open
			select {
			case <-ctx.Done():
			case <-time.After(pollInterval):
				continue
			}
		}
		return r.notReady(ctx, pending, last)
	}
}

// lack is what keeps an object from being ready.
type lack struct {
	state string // of the object itself
	cause string // behind it, "" if unknown
}

func (l lack) String() string {
	if l.cause == "" {
		return l.state
	}
	return strings.TrimPrefix(l.state+"; "+l.cause, "; ")
}

// notReady collects the causes. The command's time is over by then, so a little
// extra time is taken to ask why; where there is no answer the cause that was
// told last stands.
func (r *runner) notReady(ctx context.Context, pending []Step, last map[string]lack) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, context.Canceled) {
		return cause
	}
	extra, cancel := context.WithTimeout(context.WithoutCancel(ctx), 1500*time.Millisecond)
	defer cancel()
	failed := &NotReadyError{Err: cause}
	for _, step := range pending {
		o := step.object()
		reason := last[o.ID()]
		if why := r.why(extra, o, false); why != "" {
			reason.cause = why
		}
		failed.Reasons = append(failed.Reasons, o.ID()+": "+reason.String())
	}
	return failed
}

func awaited(kind string) bool {
	switch kind {
	case "CustomResourceDefinition", "Namespace", "Deployment", "DaemonSet":
		return true
	}
	return false
}

// state tells what an object is waiting for, "" if it is ready.
func (r *runner) state(ctx context.Context, o *Object) (string, error) {
	found, err := r.cluster.Get(ctx, o.groupKind(), o.Namespace, o.Name)
	if missing(err) {
		return "it is not there yet", nil
	}
	if err != nil {
		return "", err
	}
	live, err := liveObject(found)
	if err != nil {
		return "", err
	}
	return waitingFor(live.content), nil
}

// waitingFor reads from an object's status what it lacks.
func waitingFor(o map[string]any) string {
	switch o["kind"] {
	case "CustomResourceDefinition":
		if !condition(o, "Established") {
			return "not established yet"
		}
	case "Namespace":
		if phase := lookupString(o, "status", "phase"); phase != "Active" && phase != "" {
			return "it is " + strings.ToLower(phase)
		}
	case "Deployment":
		wanted := int64(1)
		if replicas, ok := lookup(o, "spec", "replicas"); ok {
			wanted = asInt(replicas)
		}
		return rolloutState(o, wanted, "updatedReplicas", "availableReplicas")
	case "DaemonSet":
		wanted, _ := lookup(o, "status", "desiredNumberScheduled")
		return rolloutState(o, asInt(wanted), "updatedNumberScheduled", "numberAvailable")
	}
	return ""
}

func rolloutState(o map[string]any, wanted int64, updatedField, availableField string) string {
	number := func(keys ...string) int64 {
		v, _ := lookup(o, keys...)
		return asInt(v)
	}
	if number("status", "observedGeneration") < number("metadata", "generation") {
		return "the change is not picked up yet"
	}
	updated, available := number("status", updatedField), number("status", availableField)
	switch {
	case updated < wanted:
		return fmt.Sprintf("%d of %d pods have the new version", updated, wanted)
	case available < wanted:
		return fmt.Sprintf("%d of %d pods are available", available, wanted)
	case o["kind"] == "Deployment" && number("status", "replicas") > updated:
		return fmt.Sprintf("%d old pods are still running", number("status", "replicas")-updated)
	}
	return ""
}

func condition(o map[string]any, kind string) bool {
	for _, m := range lookupMaps(o, "status", "conditions") {
		if m["type"] == kind && m["status"] == "True" {
			return true
		}
	}
	return false
}
