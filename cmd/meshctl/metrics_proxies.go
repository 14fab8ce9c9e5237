package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/pkg/metrics"
)

// fromProxies asks the proxies for their counters twice. A proxy that does not
// answer is named and left out.
func (o *metricsOptions) fromProxies(ctx context.Context, e *env, cluster *kube.Cluster) ([]metrics.Row, error) {
	pods, err := o.proxyPods(ctx, e, cluster)
	if err != nil {
		return nil, err
	}
	tunnels := make([]*kube.Tunnel, len(pods))
	for i, pod := range pods {
		tunnels[i] = cluster.Tunnel(pod.Namespace, pod.Name)
		defer tunnels[i].Close()
	}
	before, begun := o.counters(ctx, e, pods, tunnels), e.now()
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-time.After(o.window):
	}
	after := o.counters(ctx, e, pods, tunnels)
	for i := range after {
		if before[i] == nil { // without a beginning there is no rate
			after[i] = nil
		}
	}
	return metrics.FromCounters(before, after, e.now().Sub(begun), o.scope), nil
}

// proxyPods are the pods whose proxies count what is asked for: those of the
// destination, wherever it may be when the source is asked for.
func (o *metricsOptions) proxyPods(ctx context.Context, e *env, cluster *kube.Cluster) ([]*corev1.Pod, error) {
	namespace := ""
	if len(o.scope.Workloads) == 1 && o.scope.By != metrics.ByDestination {
		namespace = o.scope.Workloads[0].Namespace
	}
	pods, err := e.podsAnywhere(cluster).Pods(ctx, namespace, "")
	if err != nil {
		return nil, err
	}
	pods = slices.DeleteFunc(pods, func(pod *corev1.Pod) bool { return !hasProxy(pod) || !kube.Ready(pod) })
	if len(pods) == 0 {
		return nil, fmt.Errorf("asking proxies for their counters: no ready pod with a proxy found")
	}
	return pods, nil
}

// counters asks all proxies once; an answer that did not come is nil.
func (o *metricsOptions) counters(ctx context.Context, e *env, pods []*corev1.Pod, tunnels []*kube.Tunnel) []metrics.Counters {
	ctx, cancel := e.step(ctx)
	defer cancel()
	all := make([]metrics.Counters, len(tunnels))
	failures := make([]error, len(tunnels))
	var work errgroup.Group
	work.SetLimit(proxiesAtOnce)
	for i, tunnel := range tunnels {
		work.Go(func() error {
			port := proxyAdmin
			if pods[i].Labels["app"] == "ztunnel" { // its admin port has no statistics
				port = mergedStats
			}
			body, err := tunnel.Open(ctx, port, "/stats/prometheus")
			if err == nil {
				all[i], err = metrics.ReadCounters(body)
				body.Close()
			}
			failures[i] = err
			return nil
		})
	}
	_ = work.Wait() // failures are kept
	for _, err := range failures {
		if err != nil && ctx.Err() == nil {
			e.tell("warning: %v", err)
		}
	}
	return all
}
