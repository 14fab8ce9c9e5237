package main

import (
	"context"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/proxyconfig/trace"
)

// arrivalPod finds the pod with a proxy to which a request is delivered, nil if that is no
// pod of this cluster. Of several endpoints one stands for all.
func (e *env) arrivalPod(ctx context.Context, t trace.Trace) (*corev1.Pod, error) {
	var address netip.Addr
	for _, target := range t.Verdict.Targets {
		for _, endpoint := range target.Endpoints {
			if at, err := netip.ParseAddrPort(endpoint); err == nil && !address.IsValid() {
				address = at.Addr()
			}
		}
	}
	if t.Verdict.Outcome != trace.Delivered || !address.IsValid() {
		return nil, nil
	}
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	kind := schema.GroupKind{Kind: "Pod"}
	found, _, err := cluster.List(ctx, []schema.GroupKind{kind}, kube.ListOptions{FieldSelector: "status.podIP=" + address.String()})
	if err != nil {
		return nil, err
	}
	for _, object := range found.Of(kind) {
		pod, err := resource.As[corev1.Pod](object)
		// A snapshot does not know selectors of fields.
		if err == nil && pod.Status.PodIP == address.String() && pod.Status.Phase == corev1.PodRunning && hasProxy(pod) {
			return pod, nil
		}
	}
	return nil, nil
}

// follow continues a trace in the proxy of the destination if that can be reached. If not,
// the way up to there is an answer too, and what is missing is said.
func (e *env) follow(ctx context.Context, client *trace.Proxy, r trace.Request, answer *tracesAnswer) {
	pod, err := e.arrivalPod(ctx, answer.Client)
	if err == nil && pod == nil {
		return
	}
	var server *trace.Proxy
	if err == nil {
		var target proxyTarget
		if target, err = e.podTarget(pod); err == nil {
			server, err = tracedProxy(ctx, target)
		}
	}
	if err != nil {
		fmt.Fprintln(e.err, "note: the proxy of the destination is not looked at:", err)
		return
	}
	answer.Client, answer.Destination = trace.RunBoth(client, server, r)
}
