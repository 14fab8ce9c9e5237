package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// InstallIstio applies Istio's manifests, as "meshctl manifest generate" prints
// them, and returns when all that they install runs and sidecars are injected.
// The namespaces of the objects are made where they are missing.
func (l *Lab) InstallIstio(ctx context.Context, manifests []byte) error {
	objects, err := ParseYAML(manifests)
	if err != nil {
		return fmt.Errorf("installing Istio: %w", err)
	}
	namespaces := map[string]bool{}
	for _, object := range objects {
		if namespace := object.GetNamespace(); namespace != "" && !namespaces[namespace] {
			namespaces[namespace] = true
			_, err := l.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
			if err != nil && !apierrors.IsAlreadyExists(err) {
				return fmt.Errorf("installing Istio: making namespace %s: %w", namespace, err)
			}
		}
	}
	if err := l.Apply(ctx, metav1.NamespaceDefault, manifests); err != nil {
		return fmt.Errorf("installing Istio: %w", err)
	}
	for namespace := range namespaces {
		if err := l.WaitForRollouts(ctx, namespace); err != nil {
			return fmt.Errorf("installing Istio: %w", err)
		}
	}
	return l.WaitForWebhooks(ctx)
}

// InstallGatewayAPI defines the kinds of the Gateway API, in the version that
// istiod is built with. Gateways and waypoints then get their Deployments from it.
func (l *Lab) InstallGatewayAPI(ctx context.Context) error {
	return l.applyFolder(ctx, "istiod", "config", "crd", "standard")
}

// applyFolder applies the files that a tool's module ships.
func (l *Lab) applyFolder(ctx context.Context, path ...string) error {
	files, err := filepath.Glob(filepath.Join(append(append([]string{l.tools.Share}, path...), "*.yaml")...))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("applying the files in %s: there are none", filepath.Join(path...))
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("applying the files of a tool: %w", err)
		}
		if err := l.Apply(ctx, "", data); err != nil {
			return err
		}
	}
	return nil
}

// WaitForWebhooks returns when istiod has filled in the certificates of all
// injection webhooks: before, pods that they match cannot be created.
func (l *Lab) WaitForWebhooks(ctx context.Context) error {
	return eventually(ctx, func(ctx context.Context) error {
		configurations, err := l.Client.AdmissionregistrationV1().MutatingWebhookConfigurations().List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, configuration := range configurations.Items {
			for _, webhook := range configuration.Webhooks {
				if len(webhook.ClientConfig.CABundle) == 0 {
					return fmt.Errorf("waiting for the certificate of webhook %s in %s", webhook.Name, configuration.Name)
				}
			}
		}
		return nil
	})
}
