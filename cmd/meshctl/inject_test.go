package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const deploymentYAML = `# the shop's front
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: app
        image: web:1
`

const serviceYAML = `---
# a comment that stays
apiVersion:   v1
kind: Service
metadata: {name: web,   namespace: shop}
`

func writeTestFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInjectWithoutClusterOrConfiguration(t *testing.T) {
	got := meshctl(testEnv(t, deploymentYAML+serviceYAML), "inject", "-f", "-")
	if got.code != exitOK {
		t.Fatalf("code %d\n%s", got.code, got.stderr)
	}
	if !strings.HasPrefix(got.stdout, "# the shop's front\napiVersion: apps/v1\n") {
		t.Errorf("comments above the workload must stay:\n%s", got.stdout)
	}
	if !strings.Contains(got.stdout, "image: docker.io/istio/proxyv2:1.31.1") {
		t.Errorf("no proxy in the output:\n%s", got.stdout)
	}
	if !strings.HasSuffix(got.stdout, serviceYAML) {
		t.Errorf("the Service must be copied byte for byte:\n%s", got.stdout)
	}
	if want := "stdin:2: Deployment shop/web injected with sidecar, revision default\n"; got.stderr != want {
		t.Errorf("report %q, want %q", got.stderr, want)
	}
}

func TestInjectTakesSettingsOfTheInstallation(t *testing.T) {
	got := meshctl(testEnv(t, deploymentYAML), "kube-inject", "-f", "-",
		"--set", "hub=example.com/mesh", "--set", "values.global.network=net1", "-r", "canary", "--report", "none")
	if got.code != exitOK || got.stderr != "" {
		t.Fatalf("code %d\n%s", got.code, got.stderr)
	}
	for _, want := range []string{
		"image: example.com/mesh/proxyv2:1.31.1", "topology.istio.io/network: net1", "istio.io/rev: canary",
		"value: istiod-canary.istio-system.svc:15012",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in the output:\n%s", want, got.stdout)
		}
	}
}

func TestInjectInPlaceThenCheck(t *testing.T) {
	file := writeTestFile(t, "app.yaml", deploymentYAML+serviceYAML)
	if got := meshctl(testEnv(t, ""), "inject", "-f", file, "--check"); got.code != exitFindings || !strings.Contains(got.stdout, "web differs") {
		t.Errorf("check before: code %d, stdout %q", got.code, got.stdout)
	}
	if got := meshctl(testEnv(t, ""), "inject", "-f", file, "--in-place"); got.code != exitOK || got.stdout != "" {
		t.Fatalf("in place: code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	once, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := meshctl(testEnv(t, ""), "inject", "-f", file, "--check"); got.code != exitOK {
		t.Errorf("check after: code %d\n%s", got.code, got.stdout)
	}
	if got := meshctl(testEnv(t, ""), "inject", "-f", file); got.stdout != string(once) {
		t.Error("injecting twice must give the same bytes")
	}
	if got := meshctl(testEnv(t, ""), "inject", "-f", file, "--check", "--set", "tag=other"); got.code != exitFindings {
		t.Errorf("check with another image: code %d", got.code)
	}
}

const brokenYAML = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: bad}
spec:
  template:
    metadata:
      annotations:
        sidecar.istio.io/interceptionMode: MAYBE
    spec: {containers: [{name: app, image: app}]}
`

func TestInjectTellsEveryFailureAndHandlesTheRest(t *testing.T) {
	got := meshctl(testEnv(t, deploymentYAML+brokenYAML+"---\na: [\n"+serviceYAML), "inject", "-f", "-")
	if got.code != exitFailed {
		t.Errorf("code %d, want %d", got.code, exitFailed)
	}
	for _, want := range []string{"stdin:23: Deployment bad failed", "interceptionMode", "2 of 4 documents failed"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("no %q in:\n%s", want, got.stderr)
		}
	}
	if !strings.Contains(got.stdout, "name: istio-proxy") || !strings.HasSuffix(got.stdout, serviceYAML) {
		t.Errorf("the other documents must be in the output:\n%s", got.stdout)
	}
	if strings.Contains(got.stdout, "name: bad") {
		t.Error("a workload that failed must not be deployed without its proxy")
	}
}

func TestInjectWritesNothingAfterAFailure(t *testing.T) {
	file := writeTestFile(t, "app.yaml", deploymentYAML+brokenYAML)
	target := filepath.Join(t.TempDir(), "out.yaml")
	if got := meshctl(testEnv(t, ""), "inject", "-f", file, "-o", target); got.code != exitFailed || !strings.Contains(got.stderr, "1 of 2 documents failed; nothing is written") {
		t.Errorf("code %d", got.code)
	}
	if _, err := os.Stat(target); err == nil {
		t.Error("the output file exists although a workload failed")
	}
	if got := meshctl(testEnv(t, ""), "inject", "-f", file, "--in-place"); got.code != exitFailed {
		t.Errorf("code %d", got.code)
	}
	if text, _ := os.ReadFile(file); string(text) != deploymentYAML+brokenYAML {
		t.Error("the file was changed although a workload failed")
	}
}

func TestInjectExplains(t *testing.T) {
	text := strings.Replace(deploymentYAML, "labels: {app: web}", `labels: {sidecar.istio.io/inject: "false"}`, 1)
	got := meshctl(testEnv(t, text), "inject", "-f", "-", "--explain")
	for _, want := range []string{"host network: false", "label sidecar.istio.io/inject is false", "=> skipped"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in:\n%s", want, got.stdout)
		}
	}
}

func TestInjectReportsAsJSON(t *testing.T) {
	got := meshctl(testEnv(t, deploymentYAML+serviceYAML), "inject", "-f", "-", "--report", "json")
	for _, want := range []string{`"outcome": "injected"`, `"line": 2`, `"templates": [`, `"outcome": "foreign"`} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("no %s in:\n%s", want, got.stderr)
		}
	}
}

func TestInjectReadsURLs(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/app.yaml" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(deploymentYAML))
	}))
	defer server.Close()
	if got := meshctl(testEnv(t, ""), "inject", "-f", server.URL+"/app.yaml"); got.code != exitOK || !strings.Contains(got.stdout, "istio-proxy") {
		t.Errorf("code %d\n%s", got.code, got.stderr)
	}
	server.Close()
	if got := meshctl(testEnv(t, ""), "inject", "-f", server.URL+"/app.yaml"); got.code != exitFailed || strings.Count(got.stderr, server.URL) != 1 || !strings.Contains(got.stderr, "connection refused") {
		t.Errorf("nobody answers: code %d\n%s", got.code, got.stderr)
	}
}

func TestInjectOfAURLThatIsNotThere(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	if got := meshctl(testEnv(t, ""), "inject", "-f", server.URL+"/none.yaml"); got.code != exitFailed || !strings.Contains(got.stderr, "404") {
		t.Errorf("code %d\n%s", got.code, got.stderr)
	}
}

func TestInjectUsage(t *testing.T) {
	for _, args := range [][]string{
		{"inject"},
		{"inject", "-f", "-", "--check", "--in-place"},
		{"inject", "-f", "does-not-exist.yaml"},
		{"inject", "-f", "-", "--report", "xml"},
		{"inject", "-f", "-", "--values-file", "does-not-exist.yaml"},
		{"inject", "-f", "-", "--profile", "does-not-exist"},
	} {
		if got := meshctl(testEnv(t, ""), args...); got.code != exitUsage || got.stdout != "" {
			t.Errorf("%v: code %d, want %d\n%s", args, got.code, exitUsage, got.stderr)
		}
	}
}
