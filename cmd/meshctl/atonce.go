package main

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// proxiesAtOnce bounds the connections that are open at a time.
const proxiesAtOnce = 8

// atOnce does something with several proxies or istiods at once, each within the time of a
// step, and gives the error of each: one that fails does not keep the others from being asked.
func atOnce[T any](ctx context.Context, e *env, items []T, do func(context.Context, T) error) []error {
	failures := make([]error, len(items))
	var work errgroup.Group
	work.SetLimit(proxiesAtOnce)
	for i, item := range items {
		work.Go(func() error {
			step, cancel := e.step(ctx)
			defer cancel()
			failures[i] = do(step, item)
			return nil
		})
	}
	_ = work.Wait() // it is in failures
	return failures
}
