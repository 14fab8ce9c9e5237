package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A proxy that takes connections and says nothing costs two waits; its logs are
// what one needs then.
func TestCollectDoesNotWaitForAProxyThatHangs(t *testing.T) {
	s := meshServer(t)
	release := make(chan struct{})
	asked := make(chan string, 100)
	s.Forward("shop", "web-1", 15000, web(t, func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path; <-release }))
	t.Cleanup(func() { close(release) })
	name, _ := collectMesh(t, s, "--answer-timeout", "1s")
	failures := meshctl(testEnv(t, ""), "snapshot", "show", name, "--failures")
	if n := len(asked); n != 2 || !strings.Contains(failures.stdout, "left out: ") {
		t.Errorf("asked %d times:\n%s", n, failures.stdout)
	}
	list := meshctl(testEnv(t, ""), "snapshot", "list", name, "-o", "name")
	if !strings.Contains(list.stdout, "logs/shop/web-1/istio-proxy.log") {
		t.Errorf("no log of it:\n%s", list.stdout)
	}
}

// When the time is over, what came until then is the archive.
func TestCollectKeepsWhatItHasWhenTheTimeIsOver(t *testing.T) {
	s := meshServer(t)
	release := make(chan struct{})
	s.Forward("shop", "web-1", 15000, web(t, func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release) })
	name, got := collectMesh(t, s, "--timeout", "2s")
	if !strings.Contains(got.stderr, "warning: the time was over; raise it with --timeout") {
		t.Errorf("stderr:\n%s", got.stderr)
	}
	failures := meshctl(testEnv(t, ""), "snapshot", "show", name, "--failures")
	if !strings.Contains(failures.stdout, "left out: the time was over") {
		t.Errorf("failures:\n%s", failures.stdout)
	}
	var summary struct{ Late bool }
	shown := meshctl(testEnv(t, ""), "snapshot", "show", name, "-o", "json")
	if err := json.Unmarshal([]byte(shown.stdout), &summary); err != nil || !summary.Late {
		t.Errorf("%v: %s", err, shown.stdout)
	}
	if analysis := meshctl(testEnv(t, ""), "analyze", "-A", "--from", name); analysis.code != exitFindings {
		t.Errorf("exit %d: %s", analysis.code, analysis.stderr)
	}
}

func TestCollectFailsWithoutHalfAnArchive(t *testing.T) {
	s := meshServer(t)
	s.Stop()
	dir := t.TempDir()
	got := meshctl(testEnv(t, ""), "--kubeconfig", s.Kubeconfig(), "collect", "-o", filepath.Join(dir, "mesh.tar.zst"))
	if got.code != exitCluster {
		t.Errorf("exit %d: %s", got.code, got.stderr)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
