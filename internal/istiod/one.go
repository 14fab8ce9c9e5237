package istiod

import (
	"context"

	corev1 "k8s.io/api/core/v1"
)

// Ask asks one istiod for a path.
func Ask(ctx context.Context, cluster Cluster, pod *corev1.Pod, path string) ([]byte, error) {
	return cluster.GetFromPod(ctx, pod.Namespace, pod.Name, Port, path)
}
