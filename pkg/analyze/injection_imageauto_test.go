package analyze

import (
	"testing"

	"github.com/meshctl/meshctl/internal/resource"
)

const autoGateway = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: gateway, namespace: shop}
spec:
  selector: {matchLabels: {app: gateway}}
  template:
    metadata: {labels: {app: gateway, sidecar.istio.io/inject: "true"}}
    spec: {containers: [{name: istio-proxy, image: auto}]}
`

const otherInjector = `---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector-canary}
webhooks: [{name: rev.namespace.sidecar-injector.istio.io, namespaceSelector: {matchLabels: {istio.io/rev: canary}}}]
`

// The webhooks are part of the installation, which the files of applications
// do not hold: that they are not there says nothing.
func TestImagesAreNotReplacedOnlyWhereTheInjectorIsKnown(t *testing.T) {
	for _, tt := range []struct {
		scope Scope
		text  string
		found int
	}{
		{Whole, autoGateway, 0},
		{Auto, autoGateway, 0},
		{Live, autoGateway, 1},
		{Whole, autoGateway + otherInjector, 1},
	} {
		objects, _ := resource.Parse("gateway.yaml", []byte(tt.text))
		found := checkAutoImages(NewMesh(resource.NewSet(objects...), Settings{Scope: tt.scope}))
		if len(found) != tt.found {
			t.Errorf("scope %d, %d objects: %v, want %d", tt.scope, len(objects), found, tt.found)
		}
	}
}
