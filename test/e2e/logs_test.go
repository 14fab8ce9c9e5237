package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// Logs of the lab's pods are read as those of a cluster: istiod's own, and what a
// test has a container say.
func TestLogsOfPods(t *testing.T) {
	c := mesh.In(t, "istio-injection=enabled")
	c.WaitForInjection()
	c.Apply(web)
	c.WaitForRollouts()
	pod := c.Pod("app=web")
	c.SetLog(pod, "istio-proxy", "warning: no route to nowhere\n", "it was the last straw\n")
	archive := filepath.Join(t.TempDir(), "mesh.tar.zst")
	mustMeshctl(t, c.Kubeconfig, "collect", "-o", archive, "--include", c.Namespace, "--include", "istio-system")
	files := mustMeshctl(t, "/nonexistent", "snapshot", "show", archive, "--failures", "-o", "name")
	if strings.Contains(files, "log") {
		t.Errorf("logs that could not be read:\n%s", files)
	}
}

// An istiod that ends at once is told of with its exit code and its last words.
func TestInstallTellsTheLastWordsOfACrash(t *testing.T) {
	l := freshLab(t)
	r := runMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal", "--timeout", "30s",
		"--set", "values.pilot.keepaliveMaxServerConnectionAge=nonsense")
	r.want(t, 1)
	for _, want := range []string{"Deployment istio-system/istiod", "CrashLoopBackOff", "exit code", "last lines"} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("stderr does not tell %q:\n%s", want, r.stderr)
		}
	}
}
