package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/istiod"
)

// errSomeIstiods says that not all istiods have answered. Which, and why, has been printed.
var errSomeIstiods = errors.New("not all istiods could be asked")

// loggedIstiod is an istiod whose scopes are shown or set.
type loggedIstiod struct {
	name   string
	scopes []istiod.Scope

	client *http.Client
	before []istiod.Scope // those that were changed, as they had been
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
	failures := atOnce(ctx, e, istiods, func(ctx context.Context, i *loggedIstiod) error { return i.named(i.change(ctx, o)) })
	err = e.printScopes(istiods, failures)
	if o.during > 0 && slices.ContainsFunc(istiods, func(i *loggedIstiod) bool { return i.before != nil }) {
		err = errors.Join(err, forAWhile(ctx, e, o.during, istiods, func(ctx context.Context, i *loggedIstiod) error {
			return i.named(i.restore(ctx, o.port))
		}))
	}
	return err
}

// named puts the istiod before an error.
func (i *loggedIstiod) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", i.name, err)
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
