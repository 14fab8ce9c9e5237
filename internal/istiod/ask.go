// Package istiod asks the debug interface of all instances of the control plane.
package istiod

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
)

// Port is istiod's port for /debug and /metrics in plain HTTP. It is reached by a
// port-forward: encrypted up to the node of the pod, and plain within the pod.
const Port = 15014

// atOnce bounds the instances that are asked at a time.
const atOnce = 8

// Cluster is what is needed of a cluster.
type Cluster interface {
	Pods(ctx context.Context, namespace, selector string) ([]*corev1.Pod, error)
	GetFromPod(ctx context.Context, namespace, pod string, port int, path string) ([]byte, error)
}

// Control is a control plane: the istiods of a namespace.
type Control struct {
	cluster   Cluster
	namespace string
	labels    string
	secure    *secure // nil asks in plain HTTP
}

// New is the control plane in a namespace, narrowed by a selector unless that is empty.
func New(cluster Cluster, namespace, selector string) *Control {
	labels := "app=istiod"
	if selector != "" {
		labels += "," + selector
	}
	return NewLabelled(cluster, namespace, labels)
}

// NewLabelled is the control plane of the pods with labels.
func NewLabelled(cluster Cluster, namespace, labels string) *Control {
	return &Control{cluster: cluster, namespace: namespace, labels: labels}
}

// Answer is what one instance said.
type Answer struct {
	Istiod *corev1.Pod
	Body   []byte
	Err    error
}

// Name is the name of the instance as the tables show it.
func (a Answer) Name() string { return a.Istiod.Name }

// AskAll asks every istiod for a path, all at the same time. One that fails does not hide
// the others.
func (c *Control) AskAll(ctx context.Context, path string) ([]Answer, error) {
	pods, err := c.instances(ctx)
	if err != nil {
		return nil, err
	}
	if len(pods) == 0 {
		return nil, fmt.Errorf("no istiod found in namespace %s with labels %s; is it in another one (--istio-namespace)?", c.namespace, c.labels)
	}
	answers := make([]Answer, len(pods))
	var work errgroup.Group
	work.SetLimit(atOnce)
	for i, pod := range pods {
		work.Go(func() error {
			answers[i].Istiod = pod
			answers[i].Body, answers[i].Err = c.Ask(ctx, pod, path)
			return nil
		})
	}
	_ = work.Wait() // failures are kept in the answers
	return answers, nil
}

// instances are the pods of the control plane. One outside of the cluster has none: its
// address stands for it.
func (c *Control) instances(ctx context.Context) ([]*corev1.Pod, error) {
	if c.secure != nil && c.secure.access.Address != "" {
		outside := &corev1.Pod{}
		outside.Name = c.secure.access.Address
		return []*corev1.Pod{outside}, nil
	}
	return c.cluster.Pods(ctx, c.namespace, c.labels)
}

// Ask asks one istiod for a path.
func (c *Control) Ask(ctx context.Context, pod *corev1.Pod, path string) ([]byte, error) {
	if page, ok := strings.CutPrefix(path, "/debug/"); ok && c.secure != nil {
		body, err := c.secure.page(ctx, pod, page)
		if err != nil {
			return nil, fmt.Errorf("asking %s for %s: %w", pod.Name, path, err)
		}
		return body, nil
	}
	if pod.Namespace == "" {
		return nil, fmt.Errorf("asking %s for %s: an istiod outside of the cluster is asked for debug pages only", pod.Name, path)
	}
	return c.cluster.GetFromPod(ctx, pod.Namespace, pod.Name, Port, path)
}
