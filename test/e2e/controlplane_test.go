package e2e

import (
	"strings"
	"testing"
)

// istiod is asked over TLS with a token, and answers as it does without.
func TestIstiodIsAskedOverTLS(t *testing.T) {
	c := shop(t)
	pod := c.PodsOf("deploy/frontend")[0]
	waitSettled(t, c, c.Envoy(pod))
	waitQuiet(t, c)
	secure := runMeshctl(t, c.Kubeconfig, "proxy-status", "-o", "name")
	secure.want(t, 0)
	if secure.stderr != "" {
		t.Errorf("stderr:\n%s", secure.stderr)
	}
	plain := mustMeshctl(t, c.Kubeconfig, "proxy-status", "-o", "name", "--plaintext")
	if secure.stdout != plain || !strings.Contains(plain, pod+"."+c.Namespace) {
		t.Errorf("over TLS:\n%s\nin plain HTTP:\n%s", secure.stdout, plain)
	}
	diff := runMeshctl(t, c.Kubeconfig, "proxy-status", pod, "-n", c.Namespace)
	diff.want(t, 0)
	if diff.stdout != "no difference\n" || diff.stderr != "" {
		t.Errorf("stdout:\n%s\nstderr:\n%s", diff.stdout, diff.stderr)
	}
	pages := mustMeshctl(t, c.Kubeconfig, "internal-debug", "--list", "-o", "name")
	if !strings.Contains(pages, "syncz\n") {
		t.Errorf("pages:\n%s", pages)
	}
	syncz := mustMeshctl(t, c.Kubeconfig, "internal-debug", "syncz")
	if len(decode[[]any](t, syncz)) == 0 || !strings.Contains(syncz, pod) {
		t.Errorf("syncz:\n%.500s", syncz)
	}
	unknown := runMeshctl(t, c.Kubeconfig, "internal-debug", "nosuch")
	unknown.want(t, 2)
	if !strings.Contains(unknown.stderr, "syncz") {
		t.Errorf("stderr:\n%s", unknown.stderr)
	}
	edsz := mustMeshctl(t, c.Kubeconfig, "internal-debug", "edsz", pod, "-n", c.Namespace)
	if !strings.Contains(edsz, "catalog.shop.svc.cluster.local") {
		t.Errorf("edsz:\n%.500s", edsz)
	}
}

// The scopes of a real istiod are set and restored.
func TestAdminLogSetsScopesOfIstiod(t *testing.T) {
	c := shop(t)
	level := func(args ...string) string {
		t.Helper()
		out := mustMeshctl(t, c.Kubeconfig, append([]string{"admin", "log", "-o", "json"}, args...)...)
		for _, s := range decode[[]struct {
			Name       string `json:"scope_name"`
			Level      string `json:"log_level"`
			StackTrace string `json:"stack_trace_level"`
		}](t, out) {
			if s.Name == "ads" {
				return s.Level + " " + s.StackTrace
			}
		}
		t.Fatalf("no scope ads:\n%.500s", out)
		return ""
	}
	before := level()
	if got := level("--level", "ads:debug", "--stack-trace-level", "ads:error", "--for", "1ms"); got != "debug error" {
		t.Errorf("set to %s", got)
	}
	if got := level(); got != before {
		t.Errorf("restored to %s, was %s", got, before)
	}
}
