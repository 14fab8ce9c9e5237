package lab

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// installKwok defines the kinds that kwok is configured with at run time.
func (l *Lab) installKwok(ctx context.Context) error {
	return l.applyFolder(ctx, "kwok", "kustomize", "crd", "bases")
}

// AddNodes adds simulated nodes with room for 5,000 pods each and returns when
// they are Ready.
func (l *Lab) AddNodes(ctx context.Context, count int) error {
	nodes := l.Client.CoreV1().Nodes()
	existing, err := nodes.List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("listing the nodes of the lab: %w", err)
	}
	for i := range count {
		name := fmt.Sprintf("node-%d", len(existing.Items)+i+1)
		node := fmt.Sprintf(nodeYAML, name, name)
		if err := l.Apply(ctx, "", []byte(node)); err != nil {
			return err
		}
		err := eventually(ctx, func(ctx context.Context) error {
			node, err := nodes.Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			for _, c := range node.Status.Conditions {
				if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
					return nil
				}
			}
			return fmt.Errorf("node %s is not Ready", name)
		})
		if err != nil {
			return fmt.Errorf("waiting for the nodes of the lab: %w; the end of kwok's log:\n%s", err, l.Kwok.Log())
		}
	}
	return nil
}

// SetKubeletVersion has all nodes tell another version of their kubelet. By default
// they tell kwok's, which istiod takes for too old to run native sidecars.
func (l *Lab) SetKubeletVersion(ctx context.Context, version string) error {
	nodes := l.Client.CoreV1().Nodes()
	all, err := nodes.List(ctx, metav1.ListOptions{})
	if err != nil {
		return fmt.Errorf("listing the nodes of the lab: %w", err)
	}
	patch := fmt.Appendf(nil, `{"status": {"nodeInfo": {"kubeletVersion": %q}}}`, version)
	for _, node := range all.Items {
		if _, err := nodes.Patch(ctx, node.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil {
			return fmt.Errorf("changing the version of node %s: %w", node.Name, err)
		}
	}
	return nil
}

const nodeYAML = `
apiVersion: v1
kind: Node
metadata:
  name: %s
  labels: {kubernetes.io/os: linux, kubernetes.io/arch: amd64, kubernetes.io/hostname: %s}
  annotations: {kwok.x-k8s.io/node: fake}
status:
  capacity: {cpu: "1000", memory: 1Ti, pods: "5000"}
  allocatable: {cpu: "1000", memory: 1Ti, pods: "5000"}
`
