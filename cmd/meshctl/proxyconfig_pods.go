package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/envoy"
	"github.com/meshctl/meshctl/internal/kube"
)

// proxyPods finds the pods that are meant by names, by labels, or all that have a proxy.
// Who names a workload means one of its pods unless replicas are asked for.
func (e *env) proxyPods(ctx context.Context, names []string, selector string, everywhere, replicas bool) ([]*corev1.Pod, error) {
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	namespace := cluster.Namespace()
	if len(names) > 0 {
		var out []*corev1.Pod
		for _, name := range names {
			pods, err := cluster.ResolvePods(ctx, namespace, name)
			if err != nil {
				return nil, err
			}
			if !replicas {
				pods = pods[:1]
			}
			for _, pod := range pods {
				if !hasProxy(pod) {
					return nil, fmt.Errorf("pod %s/%s has no proxy: it is not injected, or is in ambient mode", pod.Namespace, pod.Name)
				}
			}
			out = append(out, pods...)
		}
		return out, nil
	}
	if everywhere {
		namespace = ""
	}
	pods, err := cluster.Pods(ctx, namespace, selector)
	if err != nil {
		return nil, err
	}
	pods = slices.DeleteFunc(pods, func(p *corev1.Pod) bool { return !hasProxy(p) || p.Status.Phase != corev1.PodRunning })
	if len(pods) == 0 {
		return nil, fmt.Errorf("no running pod with a proxy has the labels %q", selector)
	}
	return pods, nil
}

func (e *env) podTargets(ctx context.Context, names []string, selector string, everywhere bool) ([]proxyTarget, error) {
	pods, err := e.proxyPods(ctx, names, selector, everywhere, false)
	if err != nil {
		return nil, err
	}
	out := make([]proxyTarget, len(pods))
	for i, pod := range pods {
		if out[i], err = e.podTarget(pod); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (e *env) podTarget(pod *corev1.Pod) (proxyTarget, error) {
	cluster, err := e.cluster()
	if err != nil {
		return proxyTarget{}, err
	}
	return proxyTarget{name: pod.Name + "." + pod.Namespace, open: onPod(cluster, pod, e.adminPort())}, nil
}

// sideTarget reads a name where a file or a proxy may stand: a file that is there, -,
// ARCHIVE:POD, last:POD, or what names a pod.
func (e *env) sideTarget(ctx context.Context, name string) (proxyTarget, error) {
	if archive, pod, ok := archiveSide(name); ok {
		return e.archivedTarget(ctx, archive, pod)
	}
	if proxy, ok := strings.CutPrefix(name, lastSide+":"); ok {
		return e.keptTarget(proxy)
	}
	if namesFile(name) {
		return e.fileTarget(name), nil
	}
	targets, err := e.podTargets(ctx, []string{name}, "", false)
	if err != nil {
		return proxyTarget{}, err
	}
	return targets[0], nil
}

// namesFile tells a dump from a proxy.
func namesFile(name string) bool {
	_, err := os.Stat(name)
	return err == nil || name == "-" || looksLikeFile(name)
}

// podAdmin is the admin port of a pod's proxy; close ends the connection.
func (e *env) podAdmin(cluster *kube.Cluster, pod *corev1.Pod) (admin *envoy.Admin, close func() error) {
	tunnel := cluster.Tunnel(pod.Namespace, pod.Name)
	base := fmt.Sprintf("http://localhost:%d", e.adminPort())
	return envoy.New(tunnel.Client(), base, pod.Name+"."+pod.Namespace), tunnel.Close
}

// adminPortFlag is for commands that ask the admin port of a pod's proxy.
func (e *env) adminPortFlag(cmd *cobra.Command) {
	cmd.Flags().IntVar(&e.global.adminPort, "proxy-admin-port", envoy.Port, "`port` on which the proxies of pods are administered")
}

// adminPort is what the flag says, or the port of Istio's proxies in commands without it.
func (e *env) adminPort() int {
	if e.global.adminPort == 0 {
		return envoy.Port
	}
	return e.global.adminPort
}
