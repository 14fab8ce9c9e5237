package main

import (
	"context"
	"errors"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/kube"
)

// onPod opens paths of a pod's proxy, each by a tunnel of its own that ends with the answer.
func onPod(cluster *kube.Cluster, pod *corev1.Pod, port int) func(context.Context, string) (io.ReadCloser, error) {
	return func(ctx context.Context, path string) (io.ReadCloser, error) {
		tunnel := cluster.Tunnel(pod.Namespace, pod.Name)
		body, err := tunnel.Open(ctx, port, path)
		if err != nil {
			return nil, errors.Join(err, tunnel.Close())
		}
		return tunnelled{body, tunnel}, nil
	}
}

// tunnelled is an answer that takes its tunnel with it.
type tunnelled struct {
	io.ReadCloser
	tunnel *kube.Tunnel
}

func (t tunnelled) Close() error { return errors.Join(t.ReadCloser.Close(), t.tunnel.Close()) }

// looksLikeFile tells a mistyped file from the name of a pod, which has no such ending.
func looksLikeFile(name string) bool {
	for _, ending := range []string{".json", ".json.gz", ".yaml", ".yml", ".txt", ".gz"} {
		if strings.HasSuffix(name, ending) {
			return true
		}
	}
	return strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") || strings.HasPrefix(name, "/")
}
