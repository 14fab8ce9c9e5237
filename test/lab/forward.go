package lab

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// forwards knows which loopback address stands behind a port of a pod.
type forwards struct {
	mu      sync.Mutex
	ports   map[types.NamespacedName]map[int]string
	version int // counts changes, so that each has a marker of its own
}

func portForwards() schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "kwok.x-k8s.io", Version: "v1alpha1", Resource: "portforwards"}
}

// MapPort puts a loopback address (host:port) behind a port of a pod: whoever
// forwards to that port, or reaches the pod through the API server, ends
// there. The address need not be listened on. The mapping is in force when
// MapPort returns, and where it replaces another one, port-forwards to the pod are
// cut. A pod that replaces this one needs a mapping of its own.
func (l *Lab) MapPort(ctx context.Context, namespace, pod string, port int, to string) error {
	before := l.forwards.get(namespace, pod, port)
	if err := l.mapPorts(ctx, namespace, pod, map[int]string{port: to}); err != nil {
		return err
	}
	if before != "" && before != to {
		l.CutForwards(namespace, pod)
	}
	return nil
}

// Mapped is the loopback address behind a port of a pod, "" if there is none.
func (l *Lab) Mapped(namespace, pod string, port int) string {
	return l.forwards.get(namespace, pod, port)
}

// CutForwards cuts all port-forwards to a pod, as the restart of a kubelet does.
// New ones are welcome.
func (l *Lab) CutForwards(namespace, pod string) { l.kubelet.cut(namespace + "/" + pod) }

func (l *Lab) mapPorts(ctx context.Context, namespace, pod string, ports map[int]string) error {
	marker, err := l.applyPorts(ctx, namespace, pod, ports)
	if err != nil {
		return err
	}
	return l.waitMapped(ctx, namespace, pod, marker)
}

// The ports of a pod that serve as markers. Nobody forwards to them but probes.
const firstMarker, lastMarker = 60000, 65535

// applyPorts adds mappings to those of a pod and tells kwok. It returns the
// marker, a port that is mapped in this version of the rules only.
func (l *Lab) applyPorts(ctx context.Context, namespace, pod string, ports map[int]string) (marker int, err error) {
	f := &l.forwards
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ports == nil {
		f.ports = map[types.NamespacedName]map[int]string{}
	}
	key := types.NamespacedName{Namespace: namespace, Name: pod}
	if f.ports[key] == nil {
		f.ports[key] = map[int]string{}
	}
	maps.Copy(f.ports[key], ports)
	f.version++
	marker = firstMarker + f.version%(lastMarker-firstMarker)
	rules := []any{map[string]any{"ports": []any{int64(marker)}, "target": map[string]any{"address": loopback, "port": int64(l.marker.port)}}}
	for _, port := range slices.Sorted(maps.Keys(f.ports[key])) {
		host, service, err := net.SplitHostPort(f.ports[key][port])
		if err != nil {
			return 0, fmt.Errorf("mapping port %d of pod %s: %w", port, key, err)
		}
		number, err := strconv.Atoi(service)
		if err != nil {
			return 0, fmt.Errorf("mapping port %d of pod %s: %w", port, key, err)
		}
		rules = append(rules, map[string]any{
			"ports":  []any{int64(port)},
			"target": map[string]any{"address": host, "port": int64(number)},
		})
	}
	rule := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "PortForward",
		"metadata": map[string]any{"name": pod, "namespace": namespace},
		"spec":     map[string]any{"forwards": rules},
	}}
	_, err = l.objects.dynamic.Resource(portForwards()).Namespace(namespace).
		Apply(ctx, pod, rule, metav1.ApplyOptions{FieldManager: "lab", Force: true})
	if err != nil {
		return 0, fmt.Errorf("mapping ports of pod %s: %w", key, err)
	}
	return marker, nil
}

// get returns the address behind a port of a pod, "" if there is none.
func (f *forwards) get(namespace, pod string, port int) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ports[types.NamespacedName{Namespace: namespace, Name: pod}][port]
}

// has tells whether any port of a pod is mapped.
func (f *forwards) has(namespace, pod string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.ports[types.NamespacedName{Namespace: namespace, Name: pod}]) > 0
}

// forget drops the mappings of a pod that is gone.
func (l *Lab) forget(ctx context.Context, namespace, pod string) error {
	l.forwards.mu.Lock()
	defer l.forwards.mu.Unlock()
	delete(l.forwards.ports, types.NamespacedName{Namespace: namespace, Name: pod})
	l.CutForwards(namespace, pod)
	err := l.objects.dynamic.Resource(portForwards()).Namespace(namespace).Delete(ctx, pod, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("dropping the port mappings of pod %s/%s: %w", namespace, pod, err)
	}
	return nil
}

// behind returns the loopback address behind a port of a pod.
func (l *Lab) behind(pod *corev1.Pod, port int) (string, error) {
	to := l.forwards.get(pod.Namespace, pod.Name, port)
	if to == "" {
		return "", fmt.Errorf("nothing listens on port %d of pod %s/%s", port, pod.Namespace, pod.Name)
	}
	return to, nil
}

// PodAddress returns the loopback address (host:port) behind a port of a pod,
// "" if there is none. It spares a test the port-forward.
func (l *Lab) PodAddress(namespace, pod string, port int) string {
	return l.forwards.get(namespace, pod, port)
}
