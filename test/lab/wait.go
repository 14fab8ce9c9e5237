package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// workloads are the resources whose rollouts are waited for.
func workloads() []schema.GroupVersionResource {
	return []schema.GroupVersionResource{
		{Group: "apps", Version: "v1", Resource: "deployments"},
		{Group: "apps", Version: "v1", Resource: "statefulsets"},
		{Group: "apps", Version: "v1", Resource: "daemonsets"},
		{Version: "v1", Resource: "pods"},
	}
}

// WaitForRollouts returns when all workloads and pods of a namespace are as
// they should be. Pods with a proxy are Ready when their Envoy has its whole
// configuration.
func (l *Lab) WaitForRollouts(ctx context.Context, namespace string) error {
	if err := l.objects.waitForRollouts(ctx, namespace); err != nil {
		return fmt.Errorf("%w\nwhat the runtime had trouble with:\n%s", err, tail(l.Runtime.Log()))
	}
	return nil
}

// WaitForRollouts does what [Lab.WaitForRollouts] does, in any cluster.
func WaitForRollouts(ctx context.Context, config *rest.Config, namespace string) error {
	objects, err := newObjects(config)
	if err != nil {
		return err
	}
	return objects.waitForRollouts(ctx, namespace)
}

func (o *objects) waitForRollouts(ctx context.Context, namespace string) error {
	err := eventually(ctx, func(ctx context.Context) error {
		var unfinished []error
		for _, resource := range workloads() {
			list, err := o.dynamic.Resource(resource).Namespace(namespace).List(ctx, metav1.ListOptions{})
			if err != nil {
				return err
			}
			for i := range list.Items {
				unfinished = append(unfinished, finished(&list.Items[i]))
			}
		}
		return errors.Join(unfinished...)
	})
	if err != nil {
		return fmt.Errorf("waiting for the rollouts in namespace %s: %w", namespace, err)
	}
	return nil
}

// finished says what an object is still waiting for.
func finished(object *unstructured.Unstructured) error {
	result, err := status.Compute(object)
	if err != nil {
		return fmt.Errorf("judging %s: %w", describe(object), err)
	}
	if result.Status != status.CurrentStatus {
		return fmt.Errorf("%s: %s: %s", describe(object), result.Status, result.Message)
	}
	return nil
}

// tail returns the last lines of a text.
func tail(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}
