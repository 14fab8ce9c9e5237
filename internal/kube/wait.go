package kube

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshctl/meshctl/internal/resource"
)

// pollInterval is the pause between two looks at an object that is waited for.
const pollInterval = 500 * time.Millisecond

// Progress is what was seen of an object that is waited for.
type Progress struct {
	Key     resource.Key
	Done    bool
	Message string // what is still missing, or "" when done
}

// NotReadyError lists what was still missing when the time was over.
type NotReadyError struct {
	Missing []Progress
}

func (e NotReadyError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "not ready in time: %d objects", len(e.Missing))
	if len(e.Missing) == 1 {
		b.Reset()
		b.WriteString("not ready in time")
	}
	for _, p := range e.Missing {
		fmt.Fprintf(&b, "\n  %s: %s", p.Key, p.Message)
	}
	return b.String()
}

// Wait waits until every object is ready, by the rules of kstatus: Deployments
// rolled out, CRDs established, Jobs complete, others there and reconciled.
// observe, if not nil, hears of each change and is never called twice at once.
func (c *Cluster) Wait(ctx context.Context, keys []resource.Key, observe func(Progress)) error {
	return c.waitAll(ctx, keys, observe, c.readiness)
}

// WaitGone waits until none of the objects exists any more.
func (c *Cluster) WaitGone(ctx context.Context, keys []resource.Key, observe func(Progress)) error {
	return c.waitAll(ctx, keys, observe, func(ctx context.Context, key resource.Key) (Progress, error) {
		_, err := c.Get(ctx, key.GroupKind, key.Namespace, key.Name)
		if IsNotFound(err) || errors.As(err, new(NotServedError)) {
			return Progress{Key: key, Done: true}, nil
		}
		return Progress{Key: key, Message: "still there"}, err
	})
}

func (c *Cluster) waitAll(ctx context.Context, keys []resource.Key, observe func(Progress), look func(context.Context, resource.Key) (Progress, error)) error {
	last := make([]Progress, len(keys))
	var telling sync.Mutex
	work, workCtx := errgroup.WithContext(ctx)
	slots := make(chan struct{}, requestsAtOnce)
	waitOne := func(i int) error {
		for {
			slots <- struct{}{}
			p, err := look(workCtx, keys[i])
			<-slots
			switch {
			case workCtx.Err() != nil:
				return nil
			case isPassing(err):
				p = Progress{Key: keys[i], Message: err.Error()}
			case err != nil:
				return err
			}
			telling.Lock()
			changed := p != last[i]
			last[i] = p
			if changed && observe != nil {
				observe(p)
			}
			telling.Unlock()
			if p.Done {
				return nil
			}
			select {
			case <-workCtx.Done():
				return nil
			case <-time.After(pollInterval):
			}
		}
	}
	for i := range keys {
		last[i].Key = keys[i]
		work.Go(func() error { return waitOne(i) })
	}
	if err := work.Wait(); err != nil {
		return err
	}
	var missing []Progress
	for _, p := range last {
		if !p.Done {
			if p.Message == "" {
				p.Message = "not looked at yet"
			}
			missing = append(missing, p)
		}
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("waiting for objects: %w", context.Cause(ctx))
	}
	if len(missing) > 0 {
		return NotReadyError{missing}
	}
	return nil
}

// isPassing reports a failure that waiting may cure: the API server restarts.
func isPassing(err error) bool {
	var access *AccessError
	return errors.As(err, &access) && access.Reason == Unreachable
}

func (c *Cluster) readiness(ctx context.Context, key resource.Key) (Progress, error) {
	p := Progress{Key: key}
	object, err := c.Get(ctx, key.GroupKind, key.Namespace, key.Name)
	if IsNotFound(err) {
		p.Message = "does not exist yet"
		return p, nil
	}
	if err != nil {
		return p, err
	}
	var content unstructured.Unstructured
	if err := content.UnmarshalJSON(object.JSON); err != nil {
		return p, fmt.Errorf("reading %s: %w", key, err)
	}
	result, err := status.Compute(&content)
	if err != nil {
		return p, fmt.Errorf("reading the status of %s: %w", key, err)
	}
	switch result.Status {
	case status.CurrentStatus:
		p.Done = true
	case status.FailedStatus:
		return p, fmt.Errorf("%s failed: %s", key, result.Message)
	default:
		p.Message = result.Message
	}
	return p, nil
}
