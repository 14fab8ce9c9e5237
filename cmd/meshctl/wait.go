package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

type waitOptions struct {
	what       waitGoal
	files      []string
	args       []string
	generation int64
	threshold  float64
	revision   string
	proxies    []string
}

// waitGoal is what has to be true of every proxy.
type waitGoal string

// The goals. The peer knows one, which is waitSynced here.
const (
	waitSynced       waitGoal = "synced"
	waitDelivered    waitGoal = "delivered"
	waitDistribution waitGoal = "distribution"
	waitDelete       waitGoal = "delete"
)

func newWaitCmd(e *env, runF func(context.Context, *waitOptions) error) *cobra.Command {
	o := &waitOptions{what: waitDelivered}
	cmd := &cobra.Command{
		Use:     "wait [KIND/NAME[.NAMESPACE] | KIND NAME[.NAMESPACE]]... [-f FILE]...",
		GroupID: groupProxies,
		Short:   "Wait until a change of configuration has reached every proxy",
		Long: `Wait until the present state of an object has reached all proxies that it can have a
meaning for. Until then, and if the time of --timeout is over, the proxies that do not
have it yet are named, each with the reason.

  synced      istiod has read the object, made and sent a configuration with it, and the
              proxy has acknowledged all that it was sent
  delivered   besides, the proxy's own configuration is what istiod would send to it now
  delete      the object is gone from the cluster, and that has been delivered

An object is for the proxies that its selector and exportTo choose; policies in the
namespace of the control plane are for all. A proxy that runs but is connected to no istiod
does not have it.

The exit code is 0 if the proxies have it, and 3 if the time was over before.`,
		Example: `  # Apply a route, go on when it is in force everywhere
  kubectl apply -f route.yaml && meshctl wait -f route.yaml

  # The same for an object by its name
  meshctl wait VirtualService/catalog -n shop --for synced --timeout 2m

  # A route is taken away; go on when no proxy uses it any more
  kubectl delete -f route.yaml && meshctl wait -f route.yaml --for delete

  # In two clusters that both have it
  meshctl wait -f route.yaml --context east --context west

  # A certain state of it, in one proxy
  meshctl wait virtualservice catalog.shop --generation 4 --proxy deploy/frontend`,
		// Its own deadline is a finding, not a failure.
		Annotations: map[string]string{noDeadline: "", severalClusters: ""},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.args = args
			if e.onlyContext != "" && slices.Contains(o.files, "-") {
				return usagef("standard input can be read for one cluster; give a file for several")
			}
			if err := o.validate(); err != nil {
				return err
			}
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return runWait(cmd.Context(), e, o)
		},
	}
	e.outputFlag(cmd)
	e.plaintextFlag(cmd)
	fs := cmd.Flags()
	fs.Var(newChoice(&o.what, waitSynced, waitDelivered, waitDistribution, waitDelete), "for", "what to wait `for`: synced, delivered or delete (distribution is synced)")
	fs.StringArrayVarP(&o.files, "filename", "f", nil, "the objects of this `file` or folder, - is standard input (repeatable)")
	fs.Int64Var(&o.generation, "generation", 0, "this `generation` of the object or a later one (default: the present one)")
	fs.Float64Var(&o.threshold, "threshold", 1, "the `share` of proxies, from 0 to 1, that is enough")
	fs.StringVarP(&o.revision, "revision", "r", "", "only proxies of this `revision`")
	fs.StringArrayVar(&o.proxies, "proxy", nil, "only this `pod or workload` (repeatable)")
	return cmd
}

func (o *waitOptions) validate() error {
	switch {
	case len(o.args) == 0 && len(o.files) == 0:
		return usagef("wait for what? name an object as KIND/NAME, or give a file with -f")
	case o.threshold < 0 || o.threshold > 1:
		return usagef("--threshold %v: expected a share from 0 to 1", o.threshold)
	case o.generation != 0 && o.what == waitDelete:
		return usagef("--generation is that of an object that is there; it makes no sense with --for delete")
	case o.generation < 0:
		return usagef("--generation %d: generations count from 1", o.generation)
	}
	return nil
}

// waitInterval is the pause between two looks.
const waitInterval = 500 * time.Millisecond

func runWait(ctx context.Context, e *env, o *waitOptions) error {
	bounded, cancel := e.step(ctx)
	defer cancel()
	w, err := e.newWaiting(bounded, o)
	if still := new(stillThereError); errors.As(err, still) && ctx.Err() == nil {
		fmt.Fprintf(e.err, "%v after %s\n", err, e.global.timeout)
		return errFindings
	}
	if err != nil {
		return err
	}
	for {
		if err := w.look(bounded); err != nil && (!w.started || ctx.Err() != nil) {
			return err
		}
		w.started = true
		w.tell()
		if w.enough() {
			break
		}
		select {
		case <-bounded.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return w.finish()
		case <-time.After(waitInterval):
		}
	}
	return w.finish()
}
