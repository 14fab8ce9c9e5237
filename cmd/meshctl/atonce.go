package main

import (
	"cmp"
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/meshctl/meshctl/internal/printer"
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

// printAnswers prints what could be asked, and the errors of what could not. some is the
// error for the case that not all could be.
func (e *env) printAnswers(r printer.Report, failures []error, some error) error {
	err := e.tellFailures(failures, some)
	for _, failure := range failures {
		if failure == nil {
			return cmp.Or(printer.Print(e.out, e.format(), r), err)
		}
	}
	return err
}

// tellFailures writes errors of several proxies to stderr, and gives some; that of a single
// one it gives back.
func (e *env) tellFailures(failures []error, some error) error {
	if len(failures) == 1 {
		return failures[0]
	}
	failed := false
	for _, err := range failures {
		if err != nil {
			fmt.Fprintln(e.err, "error:", err)
			failed = true
		}
	}
	if failed {
		return some
	}
	return nil
}

// format is the chosen output format; short, the peer's word for a table, is one.
func (e *env) format() printer.Format {
	if e.global.output == formatShort {
		return printer.Table
	}
	return e.global.output
}
