package analyze

import (
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/resource"
)

// In ambient mode no label or container of a template says that its pods will
// be in the mesh: their namespace does.
func TestPoliciesApplyToWorkloadsThatWillBeInAmbientMode(t *testing.T) {
	const text = `
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {NAMESPACE}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web, POD}}, spec: {containers: [{name: app, image: app}]}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: web, namespace: shop}
spec: {selector: {matchLabels: {app: web}}, rules: [{to: [{operation: {ports: ["80"]}}]}]}
`
	for _, tt := range []struct {
		namespace, pod string
		applies        bool
	}{
		{"istio.io/dataplane-mode: ambient", "", true},
		{"", "istio.io/dataplane-mode: ambient", true},
		{"istio.io/dataplane-mode: ambient", "istio.io/dataplane-mode: none", false},
		{"istio-injection: enabled", "", true},
		{"", "", false},
	} {
		objects, _ := resource.Parse("shop.yaml", []byte(strings.NewReplacer("NAMESPACE", tt.namespace, "POD", tt.pod).Replace(text)))
		found := checkAuthorizationPolicies(NewMesh(resource.NewSet(objects...), Settings{Scope: Whole}))
		if (len(found) == 0) != tt.applies {
			t.Errorf("namespace {%s}, pod {%s}: %v", tt.namespace, tt.pod, found)
		}
	}
}
