package kube

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// Pods lists the pods that carry the labels ("app=istiod", "" is all), those
// that are ready first, the newest first among equals. namespace "" is all.
func (c *Cluster) Pods(ctx context.Context, namespace, selector string) ([]*corev1.Pod, error) {
	kind, err := c.Kind(ctx, podKind)
	if err != nil {
		return nil, err
	}
	objects, err := c.listPages(ctx, kind, ListOptions{Namespace: namespace, LabelSelector: selector})
	if err != nil {
		return nil, c.wrap(ctx, err, "listing pods%s", where(kind, namespace))
	}
	pods := make([]*corev1.Pod, 0, len(objects))
	for _, o := range objects {
		pod, err := resource.As[corev1.Pod](o)
		if err != nil {
			return nil, err
		}
		pods = append(pods, pod)
	}
	slices.SortStableFunc(pods, betterPod)
	return pods, nil
}

// Ready reports whether a pod takes traffic: it runs, is not being deleted
// and its readiness condition holds.
func Ready(pod *corev1.Pod) bool {
	if pod.Status.Phase != corev1.PodRunning || pod.DeletionTimestamp != nil {
		return false
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

func betterPod(a, b *corev1.Pod) int {
	rank := func(p *corev1.Pod) int {
		switch {
		case Ready(p):
			return 0
		case p.DeletionTimestamp != nil, p.Status.Phase == corev1.PodFailed, p.Status.Phase == corev1.PodSucceeded:
			return 3
		case p.Status.Phase == corev1.PodRunning:
			return 1
		}
		return 2
	}
	return cmp.Or(
		cmp.Compare(rank(a), rank(b)),
		b.CreationTimestamp.Compare(a.CreationTimestamp.Time),
		cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Name, b.Name),
	)
}

// NoPodsError reports that nothing fits what the user named.
type NoPodsError struct {
	What      string // what was looked for, as the user wrote it
	Namespace string
}

func (e NoPodsError) Error() string {
	if e.Namespace == "" {
		return fmt.Sprintf("no pod found for %q in any namespace", e.What)
	}
	return fmt.Sprintf("no pod found for %q in namespace %s; is it in another one (-n)?", e.What, e.Namespace)
}

// ResolvePods finds the pods that a user means, in Pods's order and never
// none: "NAME", "NAME.NAMESPACE", "pod/NAME", "deploy/NAME" and every other
// workload, "svc/NAME"; ".NAMESPACE" may follow each. A bare name that is no
// pod is taken as the name of a Deployment.
func (c *Cluster) ResolvePods(ctx context.Context, namespace, what string) ([]*corev1.Pod, error) {
	gk, namespace, name, err := c.named(ctx, namespace, what)
	if err != nil {
		return nil, err
	}
	if gk == podKind {
		typed := strings.Contains(what, "/")
		pods, err := c.podByName(ctx, namespace, name)
		if err != nil || len(pods) > 0 {
			return pods, err
		}
		if typed {
			return nil, NoPodsError{what, namespace}
		}
		gk = schema.GroupKind{Group: "apps", Kind: "Deployment"}
	}
	selector, err := c.podSelector(ctx, gk, namespace, name)
	if IsNotFound(err) {
		return nil, NoPodsError{what, namespace}
	}
	if err != nil {
		return nil, err
	}
	pods, err := c.Pods(ctx, namespace, selector)
	if err == nil && len(pods) == 0 {
		return nil, NoPodsError{what, namespace}
	}
	return pods, err
}

// Workload reads the object that a user means by "TYPE/NAME" or "NAME", which
// is a Deployment's here, whether it has pods or not.
func (c *Cluster) Workload(ctx context.Context, namespace, what string) (*resource.Object, error) {
	gk, namespace, name, err := c.named(ctx, namespace, what)
	if err != nil {
		return nil, err
	}
	if gk == podKind && !strings.Contains(what, "/") {
		gk = schema.GroupKind{Group: "apps", Kind: "Deployment"}
	}
	return c.Get(ctx, gk, namespace, name)
}

// named takes apart what a user calls an object; a name alone is a pod's.
func (c *Cluster) named(ctx context.Context, namespace, what string) (gk schema.GroupKind, ns, name string, err error) {
	kindName, name, typed := strings.Cut(what, "/")
	if !typed {
		kindName, name = "pod", what
	}
	if kindName == "" || name == "" || strings.Contains(name, "/") {
		return gk, "", "", fmt.Errorf("%q names no pod: expected NAME, NAME.NAMESPACE or TYPE/NAME", what)
	}
	if bare, ns, ok := strings.Cut(name, "."); ok {
		name, namespace = bare, ns
	}
	gk, err = c.KindByName(ctx, kindName)
	return gk, namespace, name, err
}

func (c *Cluster) podByName(ctx context.Context, namespace, name string) ([]*corev1.Pod, error) {
	object, err := c.Get(ctx, podKind, namespace, name)
	if IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	pod, err := resource.As[corev1.Pod](object)
	return []*corev1.Pod{pod}, err
}

// KindByName finds a kind by any of the names that kubectl takes.
func (c *Cluster) KindByName(ctx context.Context, name string) (schema.GroupKind, error) {
	name, group, grouped := strings.Cut(strings.ToLower(name), ".")
	find := func(kinds []Kind) (schema.GroupKind, bool) {
		for _, k := range kinds {
			named := k.Resource == name || strings.ToLower(k.Kind) == name || slices.Contains(k.Names, name)
			if named && (!grouped || group == k.Group) {
				return k.GroupKind, true
			}
		}
		return schema.GroupKind{}, false
	}
	if gk, ok := find(builtin); ok {
		return gk, nil
	}
	kinds, err := c.Kinds(ctx)
	if err != nil {
		return schema.GroupKind{}, err
	}
	if gk, ok := find(kinds); ok {
		return gk, nil
	}
	return schema.GroupKind{}, fmt.Errorf("the API server knows no type %q; examples are pod, deploy, sts, ds, job, svc", name)
}

// podSelector is the label selector by which an object picks its pods.
func (c *Cluster) podSelector(ctx context.Context, gk schema.GroupKind, namespace, name string) (string, error) {
	object, err := c.Get(ctx, gk, namespace, name)
	if err != nil {
		return "", err
	}
	var selector labels.Selector
	switch {
	case gk == gatewayKind:
		return "gateway.networking.k8s.io/gateway-name=" + name, nil
	case gk == serviceKind, gk.Kind == "ReplicationController":
		o, err := resource.As[struct {
			Spec struct{ Selector map[string]string }
		}](object)
		if err != nil {
			return "", err
		}
		selector = labels.SelectorFromSet(o.Spec.Selector)
	default:
		o, err := resource.As[struct {
			Spec struct{ Selector *metav1.LabelSelector }
		}](object)
		if err != nil {
			return "", err
		}
		if selector, err = metav1.LabelSelectorAsSelector(o.Spec.Selector); err != nil {
			return "", fmt.Errorf("reading the selector of %s: %w", object.Key, err)
		}
	}
	if selector.Empty() || selector.String() == "" {
		return "", fmt.Errorf("%s picks no pods by labels", object.Key)
	}
	return selector.String(), nil
}

// FormatSelector is the label selector for pods that carry all these labels.
func FormatSelector(set map[string]string) string { return labels.SelectorFromSet(set).String() }
