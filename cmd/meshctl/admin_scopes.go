package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/istiod"
)

// Some or all of the istiods have not answered. Which, and why, has been printed.
var (
	errNoIstiod    = errors.New("no istiod could be asked")
	errSomeIstiods = errors.New("not all istiods could be asked")
)

// loggedIstiod is an istiod whose scopes are shown or set.
type loggedIstiod struct {
	name   string
	scopes []istiod.Scope

	client *http.Client
	before []istiod.Scope // those that were changed, as they had been
	err    error
}

func runAdminLog(ctx context.Context, e *env, o *adminLogOptions) error {
	cluster, err := e.cluster()
	if err != nil {
		return err
	}
	finding, cancel := e.step(ctx)
	defer cancel()
	pods, err := e.istiodPods(finding, o)
	if err != nil {
		return err
	}
	istiods := make([]*loggedIstiod, len(pods))
	for i, pod := range pods {
		tunnel := cluster.Tunnel(pod.Namespace, pod.Name)
		defer tunnel.Close()
		istiods[i] = &loggedIstiod{name: pod.Name, client: tunnel.Client()}
	}
	e.eachIstiod(ctx, istiods, func(ctx context.Context, i *loggedIstiod) error { return i.change(ctx, o) })
	if err := e.printScopes(istiods); err != nil && o.during == 0 || errors.Is(err, errNoIstiod) {
		return err
	}
	if o.during == 0 {
		return nil
	}
	fmt.Fprintf(e.err, "the levels are restored in %s, or when you press Ctrl-C\n", o.during)
	wait := time.NewTimer(o.during)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
	// The user's interrupt must not keep the levels from being restored.
	e.eachIstiod(context.WithoutCancel(ctx), istiods, func(ctx context.Context, i *loggedIstiod) error { return i.restore(ctx, o.port) })
	var failed []error
	for _, i := range istiods {
		failed = append(failed, i.err)
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	fmt.Fprintln(e.err, "the levels are restored")
	return nil
}

// istiodPods finds the istiods that are meant.
func (e *env) istiodPods(ctx context.Context, o *adminLogOptions) ([]*corev1.Pod, error) {
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	if o.pod != "" {
		return cluster.ResolvePods(ctx, e.global.istioNamespace, o.pod)
	}
	labels := istiodLabels(o.selector, o.revision)
	pods, err := cluster.Pods(ctx, e.global.istioNamespace, labels)
	if err == nil && len(pods) == 0 {
		err = fmt.Errorf("no istiod found in namespace %s with labels %s; is it in another one (--istio-namespace)?", e.global.istioNamespace, labels)
	}
	return pods, err
}

// eachIstiod does something with all istiods at once and keeps the errors with them.
func (e *env) eachIstiod(ctx context.Context, istiods []*loggedIstiod, do func(context.Context, *loggedIstiod) error) {
	var work errgroup.Group
	work.SetLimit(proxiesAtOnce)
	for _, i := range istiods {
		work.Go(func() error {
			step, cancel := e.step(ctx)
			defer cancel()
			if i.err = do(step, i); i.err != nil {
				i.err = fmt.Errorf("%s: %w", i.name, i.err)
			}
			return nil
		})
	}
	_ = work.Wait() // failures are kept with the istiods
}

// change reads the scopes and sets those for which there is a wish.
func (i *loggedIstiod) change(ctx context.Context, o *adminLogOptions) (err error) {
	if i.scopes, err = istiod.Scopes(ctx, i.client, o.port); err != nil {
		return err
	}
	if err := errors.Join(o.levelChange.Check(i.scopes), o.stackChange.Check(i.scopes)); err != nil {
		return err
	}
	for n := range i.scopes {
		s := i.scopes[n]
		if level := o.levelChange.For(s.Name); level != "" {
			s.OutputLevel = level
		}
		if level := o.stackChange.For(s.Name); level != "" {
			s.StackTraceLevel = level
		}
		if s == i.scopes[n] {
			continue
		}
		if err := istiod.SetScope(ctx, i.client, o.port, s); err != nil {
			return err
		}
		i.before = append(i.before, i.scopes[n])
		i.scopes[n] = s
	}
	return nil
}

// restore takes the changes back.
func (i *loggedIstiod) restore(ctx context.Context, port int) error {
	var failed []error
	for _, s := range i.before {
		failed = append(failed, istiod.SetScope(ctx, i.client, port, s))
	}
	return errors.Join(failed...)
}
