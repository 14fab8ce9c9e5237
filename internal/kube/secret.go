package kube

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// Secret reads the values of a Secret, by name only: Secrets are never listed
// with their values.
func (c *Cluster) Secret(ctx context.Context, namespace, name string) (map[string][]byte, error) {
	object, err := c.Get(ctx, schema.GroupKind{Kind: "Secret"}, namespace, name)
	if err != nil {
		return nil, err
	}
	secret, err := resource.As[corev1.Secret](object)
	if err != nil {
		return nil, err
	}
	return secret.Data, nil
}
