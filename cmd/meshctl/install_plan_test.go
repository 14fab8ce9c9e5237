package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
	"github.com/meshctl/meshctl/pkg/install"
)

// chartsWithSecret copies the embedded charts and adds a Secret to istiod's.
func chartsWithSecret(t *testing.T, value string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, install.EmbeddedCharts()); err != nil {
		t.Fatal(err)
	}
	secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: token, namespace: istio-system}\nstringData: {token: " + value + "}\n"
	if err := os.WriteFile(filepath.Join(dir, "charts", "istio-control", "istio-discovery", "templates", "secret.yaml"), []byte(secret), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

// allowing is a server on which everything is allowed.
func allowing(t *testing.T, manifests ...string) *kubetest.Server {
	t.Helper()
	server := kubetest.NewServer(t, append(manifests, accessReviews)...)
	server.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews") {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "status": map[string]any{"allowed": true},
		})
		return true
	})
	return server
}

// rbacAndMore makes the stand-in serve the kinds of a control plane.
const rbacAndMore = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: served}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: served}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: served, namespace: default}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: served, namespace: default}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: served, namespace: default}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: served, namespace: default}
`

// A saved plan is for its owner only, shows no secret, holds no secret that it
// does not need, and is carried out to the letter.
func TestSavedPlanKeepsSecrets(t *testing.T) {
	server := allowing(t, rbacAndMore)
	kubeconfig := server.Kubeconfig()
	file := filepath.Join(t.TempDir(), "mesh.plan")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	line := []string{"install", "--profile", "minimal", "--set", "components.base.enabled=false", "--manifests", chartsWithSecret(t, "geheim"), "--kubeconfig", kubeconfig}

	out := meshctl(testEnv(t, ""), append(line, "--plan", "--plan-out", file)...)
	if out.code != exitFindings || strings.Contains(out.stdout+out.stderr, "geheim") {
		t.Fatalf("code %d; the secret is printed: %v\n%s", out.code, strings.Contains(out.stdout+out.stderr, "geheim"), out.stderr)
	}
	if !strings.Contains(out.stderr, "holds the values of 1 Secrets") {
		t.Errorf("the secret in the file is not told of:\n%s", out.stderr)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the plan: %v, %v", info.Mode(), err)
	}
	out = meshctl(testEnv(t, ""), "install", "--plan-file", file, "--yes", "--no-wait", "--timeout", "20s", "--kubeconfig", kubeconfig)
	if out.code != exitOK {
		t.Fatalf("carrying it out: %+v", out)
	}
	applied := ""
	for _, o := range server.Objects() {
		if o.Kind == "Secret" {
			applied = string(o.JSON)
		}
	}
	if !strings.Contains(applied, "geheim") {
		t.Errorf("applied as %s", applied)
	}

	// What stays as it is does not get into the next plan.
	out = meshctl(testEnv(t, ""), append(line, "--plan", "--plan-out", file, "--set", "meshConfig.accessLogFile=/dev/stdout")...)
	data, err := os.ReadFile(file)
	if err != nil || out.code != exitFindings || strings.Contains(string(data), "geheim") {
		t.Errorf("code %d, %v, the unchanged secret is saved: %v", out.code, err, strings.Contains(string(data), "geheim"))
	}
}

func TestSavedPlanIsRefusedOnceTheClusterHasMovedOn(t *testing.T) {
	kubeSystem := "{apiVersion: v1, kind: Namespace, metadata: {name: kube-system, uid: one}}"
	server := allowing(t, rbacAndMore, kubeSystem)
	kubeconfig := server.Kubeconfig()
	file := filepath.Join(t.TempDir(), "mesh.plan")
	out := meshctl(testEnv(t, ""), "install", "--profile", "minimal", "--set", "components.base.enabled=false", "--plan-out", file, "--kubeconfig", kubeconfig)
	if out.code != exitFindings {
		t.Fatalf("planning: %+v", out)
	}
	carryOut := []string{"install", "--plan-file", file, "--yes", "--no-wait", "--timeout", "20s", "--kubeconfig", kubeconfig}
	before := len(server.Objects())

	server.Apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: istio, namespace: istio-system}, data: {mesh: mine}}")
	out = meshctl(testEnv(t, ""), carryOut...)
	if out.code != exitFailed || !strings.Contains(out.stderr, "ConfigMap istio-system/istio") || len(server.Objects()) != before+1 {
		t.Errorf("an object that came meanwhile: %d objects more, %+v", len(server.Objects())-before, out)
	}
	server.Apply("{apiVersion: v1, kind: Namespace, metadata: {name: kube-system, uid: two}}")
	out = meshctl(testEnv(t, ""), carryOut...)
	if out.code != exitUsage || !strings.Contains(out.stderr, "another cluster") {
		t.Errorf("another cluster at the same address: %+v", out)
	}
}
