package dashboard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Times of the watch over a link.
const (
	checkTimeout = 5 * time.Second
	firstBackOff = 200 * time.Millisecond
	lastBackOff  = 5 * time.Second
)

// watch looks after the link until ctx ends.
func (f *Forward) watch(ctx context.Context) {
	tick := time.NewTicker(f.options.Every)
	defer tick.Stop()
	for {
		var doubted *link
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case doubted = <-f.suspect:
		}
		l := f.current()
		if l == nil || doubted != nil && doubted != l {
			continue
		}
		if reason := f.broken(ctx, l); reason != "" && ctx.Err() == nil {
			f.replace(ctx, l, reason)
		}
	}
}

// broken says why a link must be replaced, or "" if it is good.
func (f *Forward) broken(ctx context.Context, l *link) string {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	// An API server that does not answer is no reason to leave a pod: the
	// connection may well live on.
	if pods, err := f.target.Pods(ctx); err == nil {
		i := slices.IndexFunc(pods, func(p *corev1.Pod) bool { return p.UID == l.pod.UID && p.Name == l.pod.Name })
		other := slices.ContainsFunc(pods, ready)
		switch {
		case i < 0:
			return fmt.Sprintf("pod %s is gone", l.pod.Name)
		case pods[i].DeletionTimestamp != nil && other:
			return fmt.Sprintf("pod %s is being deleted", l.pod.Name)
		case pods[i].Status.Phase != corev1.PodRunning:
			return fmt.Sprintf("pod %s runs no more", l.pod.Name)
		}
	}
	if err := l.tunnel.Check(ctx); err != nil {
		return fmt.Sprintf("the connection to pod %s broke", l.pod.Name)
	}
	return ""
}

// replace lets go of a link and connects until it succeeds or ctx ends.
func (f *Forward) replace(ctx context.Context, old *link, reason string) {
	f.set(nil)
	old.tunnel.Close()
	backOff := firstBackOff
	told := false
	for {
		l, err := f.connectWithin(ctx)
		if err == nil {
			f.say("%s: %s; now connected to pod %s/%s", f.target.Name, reason, l.pod.Namespace, l.pod.Name)
			f.set(l)
			return
		}
		if ctx.Err() != nil {
			return
		}
		if !told && backOff >= time.Second {
			told = true
			f.say("%s: %s; trying to connect again (%v)", f.target.Name, reason, err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(backOff):
		}
		backOff = min(2*backOff, lastBackOff)
	}
}

func (f *Forward) connectWithin(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*checkTimeout)
	defer cancel()
	return f.connect(ctx)
}

// connect opens a link to the best pod that can be reached.
func (f *Forward) connect(ctx context.Context) (*link, error) {
	pods, err := f.target.Pods(ctx)
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, pod := range pods {
		if pod.Status.Phase != corev1.PodRunning || pod.DeletionTimestamp != nil {
			continue
		}
		port, err := f.target.Port(pod)
		if err != nil {
			return nil, err
		}
		tunnel := f.target.Open(pod.Namespace, pod.Name)
		if err := tunnel.Check(ctx); err != nil {
			tunnel.Close()
			failures = append(failures, err)
			continue
		}
		return &link{pod: pod, port: port, tunnel: tunnel}, nil
	}
	if len(failures) > 0 {
		return nil, errors.Join(failures...)
	}
	if len(pods) > 0 {
		return nil, fmt.Errorf("no pod of %s runs (%s/%s is %s)", f.target.Name, pods[0].Namespace, pods[0].Name, pods[0].Status.Phase)
	}
	return nil, fmt.Errorf("no pod of %s found", f.target.Name)
}

func (f *Forward) say(format string, args ...any) {
	if f.options.Say != nil {
		f.options.Say(fmt.Sprintf(format, args...))
	}
}
