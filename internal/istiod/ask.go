// Package istiod asks the debug interface of all instances of the control plane.
package istiod

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
)

// Port is istiod's port for /debug, reached through the API server, which has checked
// who asks and whom it forwards to.
const Port = 15014

// atOnce bounds the instances that are asked at a time.
const atOnce = 8

// Cluster is what is needed of a cluster.
type Cluster interface {
	Pods(ctx context.Context, namespace, selector string) ([]*corev1.Pod, error)
	GetFromPod(ctx context.Context, namespace, pod string, port int, path string) ([]byte, error)
}

// Answer is what one instance said.
type Answer struct {
	Istiod *corev1.Pod
	Body   []byte
	Err    error
}

// Name is the name of the instance as the tables show it.
func (a Answer) Name() string { return a.Istiod.Name }

// AskAll asks every istiod of a namespace for a path, all at the same time. One that
// fails does not hide the others. selector narrows to a revision.
func AskAll(ctx context.Context, cluster Cluster, namespace, selector, path string) ([]Answer, error) {
	labels := "app=istiod"
	if selector != "" {
		labels += "," + selector
	}
	pods, err := cluster.Pods(ctx, namespace, labels)
	if err != nil {
		return nil, err
	}
	if len(pods) == 0 {
		return nil, fmt.Errorf("no istiod found in namespace %s with labels %s; is it in another one (--istio-namespace)?", namespace, labels)
	}
	answers := make([]Answer, len(pods))
	var work errgroup.Group
	work.SetLimit(atOnce)
	for i, pod := range pods {
		work.Go(func() error {
			answers[i].Istiod = pod
			answers[i].Body, answers[i].Err = cluster.GetFromPod(ctx, pod.Namespace, pod.Name, Port, path)
			return nil
		})
	}
	_ = work.Wait() // failures are kept in the answers
	return answers, nil
}
