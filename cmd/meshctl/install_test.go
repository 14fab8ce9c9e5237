package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

func TestInstallOptionsThatDoNotGoTogether(t *testing.T) {
	tests := []struct{ line, want string }{
		{"install", "give --yes"},
		{"install --plan-file a --plan", "--plan-file carries a plan out"},
		{"install --plan-file a --set b=c", "--plan-file holds all"},
		{"install --adopt --force-conflicts", "leave out --adopt"},
		{"install --plan-file absent --yes", "reading the plan"},
		{"install --yes --set nosuch=1", "unknown field"},
		{"upgrade", "give --yes"},
		{"uninstall", "--revision NAME, -f FILE or --purge"},
		{"uninstall --purge --revision a", "--purge removes every revision"},
		{"uninstall --revision a --include-crds --yes", "needs --purge"},
		{"uninstall --purge", "give --yes"},
		{"tag set prod", "--revision NAME"},
		{"tag set", "accepts 1 arg"},
		{"tag generate prod", "--revision NAME"},
		{"check -x nosuch", "there is no category"},
		{"precheck --from-version 2.0", "not a version of Istio"},
		{"precheck --from-version abc", "not a version of Istio"},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			out := meshctl(testEnv(t, ""), strings.Fields(test.line)...)
			if out.code != exitUsage || !strings.Contains(out.stderr, test.want) {
				t.Errorf("code %d, want %d and %q in:\n%s", out.code, exitUsage, test.want, out.stderr)
			}
		})
	}
}

// onServer runs a command line against a stand-in of the API server that
// answers access reviews.
func onServer(t *testing.T, allowed bool, manifests []string, args ...string) outcome {
	t.Helper()
	server := kubetest.NewServer(t, manifests...)
	server.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews") {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
			"status": map[string]any{"allowed": allowed},
		})
		return true
	})
	return meshctl(testEnv(t, ""), append(args, "--kubeconfig", server.Kubeconfig())...)
}

// accessReviews makes the stand-in serve the kind.
const accessReviews = `
apiVersion: authorization.k8s.io/v1
kind: SelfSubjectAccessReview
metadata: {name: served}
`

func TestPrecheck(t *testing.T) {
	out := onServer(t, true, []string{accessReviews}, "precheck")
	if out.code != exitOK || !strings.Contains(out.stderr, "nothing stands in the way") {
		t.Errorf("a good cluster: %+v", out)
	}
	out = onServer(t, false, []string{accessReviews}, "precheck", "-o", "json")
	if out.code != exitFindings {
		t.Fatalf("without permissions: %+v", out)
	}
	var findings []finding
	if err := json.Unmarshal([]byte(out.stdout), &findings); err != nil || len(findings) != 11 || findings[0].Code != "IST0141" || findings[0].Level != "Error" {
		t.Errorf("findings %+v, %v", findings, err)
	}
}

func TestCheckTellsWhatIsMissing(t *testing.T) {
	deadWebhook := `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-revision-tag-prod, labels: {istio.io/rev: gone, istio.io/tag: prod}}
webhooks: [{name: rev.namespace.sidecar-injector.istio.io, clientConfig: {service: {name: istiod-gone, namespace: istio-system}}}]
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/rev: nosuch}}
`
	out := onServer(t, true, []string{deadWebhook}, "check")
	if out.code != exitFindings {
		t.Errorf("exit code %d", out.code)
	}
	for _, want := range []string{
		"there is no control plane",
		"Service istio-system/istiod-gone, which has no ready pod",
		"tag prod points at revision gone, which does not exist",
		"Namespace shop: it asks for injection by revision or tag nosuch",
	} {
		if !strings.Contains(out.stdout, want) {
			t.Errorf("%q is missing in\n%s", want, out.stdout)
		}
	}
	without := onServer(t, true, nil, "check", "-x", "crds,control-plane,webhooks,revisions")
	if without.code != exitOK {
		t.Errorf("with the failing categories left out: %+v", without)
	}
}

// A mesh whose webhooks lead to a URL is managed elsewhere, not broken.
func TestCheckKnowsAManagedControlPlane(t *testing.T) {
	managed := `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istiod-managed, labels: {istio.io/rev: managed}}
webhooks: [{name: rev.namespace.sidecar-injector.istio.io, clientConfig: {url: "https://mesh.example.com/inject"}}]
`
	out := onServer(t, true, []string{managed}, "check", "-x", "crds")
	if out.code != exitOK || !strings.Contains(out.stdout, "revision managed has a control plane outside of this cluster") {
		t.Errorf("%+v", out)
	}
}

// In a remote cluster of a mesh istiod's Service has addresses of the primary
// cluster and no pods. Nothing there is broken, and nothing is left over.
func TestControlPlaneInAnotherCluster(t *testing.T) {
	remote := `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata:
  name: istio-sidecar-injector
  labels: {istio.io/rev: default, operator.istio.io/managed: Reconcile, operator.istio.io/component: Pilot}
webhooks: [{name: rev.namespace.sidecar-injector.istio.io, clientConfig: {service: {name: istiod, namespace: istio-system}}}]
---
apiVersion: v1
kind: Service
metadata: {name: istiod, namespace: istio-system, labels: {istio.io/rev: default, operator.istio.io/managed: Reconcile, operator.istio.io/component: Pilot}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: istiod-1, namespace: istio-system, labels: {kubernetes.io/service-name: istiod}}
endpoints: [{addresses: [198.51.100.7]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-ca-root-cert, namespace: shop}
---
apiVersion: v1
kind: Secret
metadata: {name: istio-remote-secret-a, namespace: istio-system, labels: {istio/multiCluster: "true"}}
`
	out := onServer(t, true, []string{remote}, "check", "-x", "crds,webhooks")
	if out.code != exitOK || !strings.Contains(out.stdout, "revision default has a control plane outside of this cluster") {
		t.Errorf("check: %+v", out)
	}
	out = onServer(t, true, []string{remote}, "prune", "--dry-run")
	if out.code != exitOK || !strings.Contains(out.stderr+out.stdout, "nothing is left over") {
		t.Errorf("prune: %+v", out)
	}
}

func TestTagsAreListed(t *testing.T) {
	objects := `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-revision-tag-prod, labels: {istio.io/rev: 1-31, istio.io/tag: prod}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/rev: prod}}
`
	out := onServer(t, true, []string{objects}, "tag", "list")
	if want := "TAG    REVISION   NAMESPACES\nprod   1-31       shop\n"; out.stdout != want {
		t.Errorf("got %q, want %q", out.stdout, want)
	}
	if empty := onServer(t, true, nil, "tag", "list", "-o", "json"); empty.stdout != "[]\n" {
		t.Errorf("no tags as JSON: %q", empty.stdout)
	}
}

func TestPruneWithoutTerminalOnlyLists(t *testing.T) {
	left := `
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-ca-root-cert, namespace: shop}
`
	server := kubetest.NewServer(t, left)
	out := meshctl(testEnv(t, ""), "prune", "--kubeconfig", server.Kubeconfig())
	if out.code != exitFindings || out.stdout != "- remove ConfigMap shop/istio-ca-root-cert (istiod publishes it in every namespace, and there is no istiod)\n" {
		t.Errorf("%+v", out)
	}
	if len(server.Objects()) != 1 {
		t.Error("it was deleted")
	}
	out = meshctl(testEnv(t, ""), "prune", "--yes", "--kubeconfig", server.Kubeconfig())
	if out.code != exitOK || len(server.Objects()) != 0 {
		t.Errorf("%+v, %d objects left", out, len(server.Objects()))
	}
}
