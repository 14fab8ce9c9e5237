package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/pkg/proxyconfig/diff"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// runProxyStatusOf compares what istiod would send to a proxy with what the proxy has.
func runProxyStatusOf(ctx context.Context, e *env, o *proxyStatusOptions) error {
	pods, err := e.proxyPods(ctx, []string{o.pod}, "", false, false)
	if err != nil {
		return err
	}
	target, err := e.podTarget(pods[0])
	if err != nil {
		return err
	}
	if o.file != "" {
		target = e.fileTarget(o.file)
	}
	sent, err := e.istiodDump(ctx, pods[0], o.revision)
	if err != nil {
		return err
	}
	has, err := target.read(ctx, diff.Reads)
	if err != nil {
		return err
	}
	return e.printComparison(sent, has, diff.Options{Dynamic: true})
}

// istiodDump is what the istiod that a proxy is connected to would send to it now.
func (e *env) istiodDump(ctx context.Context, pod *corev1.Pod, revision string) (*dump.Dump, error) {
	control, err := e.control(ctx, revision)
	if err != nil {
		return nil, err
	}
	id := pod.Name + "." + pod.Namespace
	answers, err := control.AskAll(ctx, sentPath(pod))
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, a := range answers {
		if a.Err != nil {
			failures = append(failures, a.Err) // also those that the proxy is not connected to
			continue
		}
		d, err := dump.Read(bytes.NewReader(a.Body), diff.Reads)
		if err != nil {
			failures = append(failures, fmt.Errorf("reading the dump of %s: %w", a.Name(), err))
			continue
		}
		return d, nil
	}
	return nil, fmt.Errorf("no istiod knows the proxy %s; is it connected? %w", id, errors.Join(failures...))
}
