package analyze

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/resource"
)

// A Namespace belongs to itself, as for the peer: who asks about one does not
// want to hear of all the others.
func TestInNamespaceLeavesOtherNamespacesOut(t *testing.T) {
	var findings []Finding
	for _, text := range []string{
		"{apiVersion: v1, kind: Namespace, metadata: {name: shop}}",
		"{apiVersion: v1, kind: Namespace, metadata: {name: other}}",
		"{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}}",
		"{apiVersion: v1, kind: Service, metadata: {name: web, namespace: other}}",
		"{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: istio}}",
	} {
		objects, _ := resource.Parse("f.yaml", []byte(text))
		findings = append(findings, Finding{Code: "IST0102", Object: objects[0]})
	}
	findings = append(findings, Finding{Code: "MSH0001", Message: "unreadable"})
	var kept []string
	for _, f := range InNamespace(findings, "shop") {
		kept = append(kept, f.subject())
	}
	want := []string{"Namespace shop", "Service shop/web", "GatewayClass istio", ""}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Error(strings.TrimSpace(diff))
	}
}
