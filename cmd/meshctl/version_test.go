package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

const istiodPod = `
apiVersion: v1
kind: Pod
metadata: {name: istiod-1, namespace: istio-system, labels: {app: istiod, istio.io/rev: default}}
spec: {containers: [{name: discovery, image: "docker.io/istio/pilot:1.31.1"}]}
status: {phase: Running, conditions: [{type: Ready, status: "True"}]}
`

func TestVersionWithoutCluster(t *testing.T) {
	got := meshctl(testEnv(t, ""), "version", "--remote=false", "-c", "/absent")
	if got.code != exitOK || !strings.HasPrefix(got.stdout, "client version: ") || got.stderr != "" {
		t.Errorf("exit %d, stdout %q, stderr %q", got.code, got.stdout, got.stderr)
	}
}

func TestVersionSaysWhatItKnowsWhenTheClusterIsUnreachable(t *testing.T) {
	server := kubetest.NewServer(t)
	kubeconfig := server.Kubeconfig()
	server.Server.Close()
	got := meshctl(testEnv(t, ""), "version", "-c", kubeconfig)
	if got.code != exitCluster || !strings.HasPrefix(got.stdout, "client version: ") || !strings.Contains(got.stderr, "connection refused") {
		t.Errorf("exit %d, stdout %q, stderr %q", got.code, got.stdout, got.stderr)
	}
}

func TestVersionShowsControlAndDataPlane(t *testing.T) {
	istiod := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/version":
			fmt.Fprint(w, "1.31.1-abc-Clean")
		case "/debug/syncz":
			fmt.Fprint(w, `[{"proxy":"a.ns","proxy_type":"sidecar","istio_version":"1.31.1"},{"proxy":"b.ns","proxy_type":"sidecar","istio_version":"1.30.0"},{"proxy":"c.ns","istio_version":"1.31.1"}]`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer istiod.Close()
	server := kubetest.NewServer(t, istiodPod)
	server.Forward("istio-system", "istiod-1", istiodMonitoring, istiod.Listener.Addr().String())

	got := meshctl(testEnv(t, ""), "version", "-c", server.Kubeconfig())
	want := "control plane version: 1.31.1\ndata plane version: 1.30.0 (1 proxy), 1.31.1 (2 proxies)\n"
	if got.code != exitOK || !strings.HasSuffix(got.stdout, want) || got.stderr != "" {
		t.Errorf("exit %d, stdout %q, stderr %q; want %q", got.code, got.stdout, got.stderr, want)
	}
}

func TestVersionCountsAnIstiodThatDoesNotAnswerByItsImage(t *testing.T) {
	server := kubetest.NewServer(t, istiodPod)
	got := meshctl(testEnv(t, ""), "version", "-c", server.Kubeconfig())
	if got.code != exitOK || !strings.Contains(got.stdout, "control plane version: 1.31.1\ndata plane version: no proxies connected\n") ||
		!strings.Contains(got.stderr, "asking istiod istiod-1 for versions") {
		t.Errorf("exit %d, stdout %q, stderr %q", got.code, got.stdout, got.stderr)
	}
}

func TestCompletionAsksTheClusterAndNeverComplains(t *testing.T) {
	server := kubetest.NewServer(t, "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
	got := meshctl(testEnv(t, ""), "__complete", "version", "-c", server.Kubeconfig(), "-n", "")
	if got.code != exitOK || !strings.HasPrefix(got.stdout, "shop\n") {
		t.Errorf("exit %d, stdout %q", got.code, got.stdout)
	}
	got = meshctl(testEnv(t, ""), "__complete", "version", "-c", "/absent", "--context", "")
	if got.code != exitOK || strings.Contains(got.stdout, "absent") {
		t.Errorf("with a broken kubeconfig: exit %d, stdout %q", got.code, got.stdout)
	}
	got = meshctl(testEnv(t, ""), "__complete", "version", "-o", "")
	if !strings.HasPrefix(got.stdout, "table\nwide\njson\nyaml\nname\n") {
		t.Errorf("formats: %q", got.stdout)
	}
}
