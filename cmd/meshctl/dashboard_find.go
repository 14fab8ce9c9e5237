package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/pkg/dashboard"
)

// podsAnywhere lists pods in all namespaces, or, for users who may not, in
// those that they are likely to mean.
type podsAnywhere struct {
	cluster *kube.Cluster
	likely  []string
}

func (e *env) podsAnywhere(cluster *kube.Cluster) podsAnywhere {
	likely := []string{e.global.istioNamespace, cluster.Namespace()}
	slices.Sort(likely)
	return podsAnywhere{cluster, slices.Compact(likely)}
}

// Pods implements dashboard.Pods.
func (p podsAnywhere) Pods(ctx context.Context, namespace, selector string) ([]*corev1.Pod, error) {
	pods, err := p.cluster.Pods(ctx, namespace, selector)
	var access *kube.AccessError
	if namespace != "" || !errors.As(err, &access) || access.Reason != kube.Forbidden {
		return pods, err
	}
	forbidden := err
	for _, namespace := range p.likely {
		more, err := p.cluster.Pods(ctx, namespace, selector)
		if err == nil {
			pods, forbidden = append(pods, more...), nil
		}
	}
	return pods, forbidden
}

// target leads to the pods with some labels.
func (o *dashboardOptions) target(cluster *kube.Cluster, namespace, selector string) dashboard.Target {
	return dashboard.Target{
		Name: o.dashboard.Name,
		Pods: func(ctx context.Context) ([]*corev1.Pod, error) { return cluster.Pods(ctx, namespace, selector) },
		Port: func(pod *corev1.Pod) (int, error) { return o.portOf(pod), nil },
		Open: func(namespace, pod string) dashboard.Tunnel { return cluster.Tunnel(namespace, pod) },
	}
}

// find chooses the pods that a dashboard command opens.
func (o *dashboardOptions) find(ctx context.Context, e *env, cluster *kube.Cluster) (dashboard.Target, *dashboard.Found, error) {
	switch {
	case o.service != "":
		t, err := o.findService(ctx, cluster)
		return t, nil, err
	case o.pod != "":
		t := o.target(cluster, "", "")
		t.Name = o.dashboard.Name + " " + o.pod
		t.Pods = samePods(cluster, cluster.Namespace(), o.pod)
		return t, nil, nil
	case o.dashboard.Selectors == nil:
		return o.target(cluster, cluster.Namespace(), o.selector), nil, nil
	}
	d := o.dashboard
	if o.selector != "" {
		d.Selectors, d.IfDeclared = []string{o.selector}, nil
	}
	found, err := dashboard.Find(ctx, e.podsAnywhere(cluster), d, e.global.kube.Namespace)
	if err != nil {
		return dashboard.Target{}, nil, err
	}
	chosen, err := choose(d, found, o.selector, e.global.istioNamespace, e.global.kube.Namespace)
	if err != nil {
		return dashboard.Target{}, nil, err
	}
	return o.target(cluster, chosen.Namespace, chosen.Selector), chosen, nil
}

// findService follows a Service to its pods and their port.
func (o *dashboardOptions) findService(ctx context.Context, cluster *kube.Cluster) (dashboard.Target, error) {
	namespace, name, port := splitService(o.service, cluster.Namespace())
	service, err := cluster.ServicePort(ctx, namespace, name, port)
	t := o.target(cluster, namespace, service.Selector)
	t.Port = func(pod *corev1.Pod) (int, error) {
		number := dashboard.NamedPort(pod, service.Port, service.PortName)
		if number == 0 {
			return 0, fmt.Errorf("pod %s/%s has no port named %q, to which service %s leads", pod.Namespace, pod.Name, service.PortName, name)
		}
		return number, nil
	}
	return t, err
}

func (o *dashboardOptions) portOf(pod *corev1.Pod) int {
	switch {
	case o.uiPort != 0:
		return o.uiPort
	case o.dashboard.Selectors == nil:
		return o.dashboard.Port // of a sidecar or istiod, which need not declare it
	}
	return dashboard.PortOf(pod, o.dashboard.Port)
}

// samePods finds what the user named, and once that was a pod that is gone,
// the pods that carry the same labels: those of the same workload.
func samePods(cluster *kube.Cluster, namespace, what string) func(context.Context) ([]*corev1.Pod, error) {
	var siblings func(context.Context) ([]*corev1.Pod, error)
	return func(ctx context.Context) ([]*corev1.Pod, error) {
		pods, err := cluster.ResolvePods(ctx, namespace, what)
		var none kube.NoPodsError
		if errors.As(err, &none) && siblings != nil {
			return siblings(ctx)
		}
		if err == nil && len(pods[0].Labels) > 0 {
			selector, at := kube.FormatSelector(pods[0].Labels), pods[0].Namespace
			siblings = func(ctx context.Context) ([]*corev1.Pod, error) { return cluster.Pods(ctx, at, selector) }
		}
		return pods, err
	}
}

func splitService(text, defaultNamespace string) (namespace, name, port string) {
	name, port, _ = strings.Cut(text, ":")
	if ns, rest, ok := strings.Cut(name, "/"); ok {
		return ns, rest, port
	}
	return defaultNamespace, name, port
}

// choose takes the only installation, or the only one in istio-system.
func choose(d dashboard.Dashboard, found []dashboard.Found, selector, istioNamespace, namespace string) (*dashboard.Found, error) {
	if len(found) == 0 {
		where := "in any namespace that may be looked into"
		if namespace != "" {
			where = "in namespace " + namespace
		}
		labels := "its usual labels"
		if selector != "" {
			labels = fmt.Sprintf("labels %q", selector)
		}
		return nil, fmt.Errorf("looking for %s: no pod with %s %s; name its service with --service NAMESPACE/NAME:PORT", d.Title, labels, where)
	}
	candidates := found
	if len(found) > 1 {
		candidates = slices.DeleteFunc(slices.Clone(found), func(f dashboard.Found) bool { return f.Namespace != istioNamespace })
	}
	if len(candidates) == 1 {
		return &candidates[0], nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "looking for %s: there are several; choose one:", d.Title)
	for _, f := range found {
		fmt.Fprintf(&b, "\n  meshctl dashboard %s -n %s -l '%s'   # pod %s", d.Name, f.Namespace, f.Selector, f.Pod)
	}
	return nil, errors.New(b.String())
}
