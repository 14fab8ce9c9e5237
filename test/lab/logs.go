package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func podLogs(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "kwok.x-k8s.io", Version: "v1alpha1", Resource: resource}
}

// emptyLogs gives each container that has run nothing a log without lines, as it
// would have in a cluster.
func (l *Lab) emptyLogs(ctx context.Context) error {
	empty := filepath.Join(l.Dir, "empty.log")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		return fmt.Errorf("making an empty log: %w", err)
	}
	return l.Apply(ctx, "", fmt.Appendf(nil, `{apiVersion: kwok.x-k8s.io/v1alpha1, kind: ClusterLogs, metadata: {name: empty},
spec: {logs: [{logsFile: %q, previousLogsFile: %q}]}}`, empty, empty))
}

// containerLog returns the file with a container's log, in the format of CRI.
func (l *Lab) containerLog(namespace, pod, container string) string {
	return filepath.Join(l.Dir, "logs", namespace+"."+pod+"."+container)
}

// serveLog has kwok serve a container's log. Other containers of the pod have
// empty ones.
func (l *Lab) serveLog(ctx context.Context, namespace, pod, container, previous string) error {
	empty := filepath.Join(l.Dir, "empty.log")
	rule := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Logs",
		"metadata": map[string]any{"name": pod, "namespace": namespace},
		"spec": map[string]any{"logs": []any{
			map[string]any{"containers": []any{container}, "logsFile": l.containerLog(namespace, pod, container), "previousLogsFile": previous},
			map[string]any{"logsFile": empty, "previousLogsFile": empty},
		}},
	}}
	_, err := l.objects.dynamic.Resource(podLogs("logs")).Namespace(namespace).
		Apply(ctx, pod, rule, metav1.ApplyOptions{FieldManager: "lab", Force: true})
	if err != nil {
		return fmt.Errorf("serving the log of pod %s/%s: %w", namespace, pod, err)
	}
	return nil
}

// SetLog has a container of a pod, one that runs nothing, say something in its log
// ("kubectl logs"), and something else before its last restart ("--previous"). It
// returns once kwok serves it.
func (l *Lab) SetLog(ctx context.Context, namespace, pod, container, text, previous string) error {
	file := l.containerLog(namespace, pod, container)
	now := time.Now()
	for name, text := range map[string]string{file: text, file + ".previous": previous} {
		if err := os.WriteFile(name, stamp([]byte(text), now), 0o644); err != nil {
			return fmt.Errorf("writing the log of pod %s/%s: %w", namespace, pod, err)
		}
	}
	if err := l.serveLog(ctx, namespace, pod, container, file+".previous"); err != nil {
		return err
	}
	return eventually(ctx, func(ctx context.Context) error {
		answer, err := l.Client.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{Container: container}).DoRaw(ctx)
		if err == nil && string(answer) != text {
			err = fmt.Errorf("the log of pod %s/%s is %q", namespace, pod, answer)
		}
		return err
	})
}

// forgetLog drops what kwok serves of a pod that is gone.
func (l *Lab) forgetLog(ctx context.Context, namespace, pod string) error {
	err := l.objects.dynamic.Resource(podLogs("logs")).Namespace(namespace).Delete(ctx, pod, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("dropping the log of pod %s/%s: %w", namespace, pod, err)
	}
	return nil
}
