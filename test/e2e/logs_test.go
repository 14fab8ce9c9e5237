package e2e

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// Logs of the lab's pods are read as those of a cluster: istiod's own, what a test
// has a container say, and nothing of one that says nothing.
func TestLogsOfPods(t *testing.T) {
	c := mesh.In(t, "istio-injection=enabled")
	c.WaitForInjection()
	c.Apply(web)
	c.WaitForRollouts()
	pod := c.Pod("app=web")
	c.SetLog(pod, "istio-proxy", "warning: no route to nowhere\n", "")
	archive := filepath.Join(t.TempDir(), "mesh.tar.zst")
	mustMeshctl(t, c.Kubeconfig, "collect", "-o", archive, "--include", c.Namespace, "--include", "istio-system")
	logs := logsIn(t, archive)
	if got := logs["logs/"+c.Namespace+"/"+pod+"/istio-proxy.log"]; !strings.Contains(got, "Z warning: no route to nowhere\n") {
		t.Errorf("the log of the proxy, with times: %q", got)
	}
	var istiod string
	for name, text := range logs {
		if strings.HasSuffix(name, "/discovery.log") {
			istiod = text
		}
	}
	if !strings.Contains(istiod, "ads") {
		t.Errorf("istiod's log says nothing of proxies: %.500s", istiod)
	}
	if failures := mustMeshctl(t, "/nonexistent", "snapshot", "show", archive, "--failures", "-o", "name"); strings.Contains(failures, "log") {
		t.Errorf("logs that could not be read:\n%s", failures)
	}
}

// logsIn returns the logs in a snapshot by their paths.
func logsIn(t *testing.T, archive string) map[string]string {
	t.Helper()
	file, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	packed, err := zstd.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	logs := map[string]string{}
	for entries := tar.NewReader(packed); ; {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return logs
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(entry.Name, "logs/") {
			text, err := io.ReadAll(entries)
			if err != nil {
				t.Fatal(err)
			}
			logs[entry.Name] = string(text)
		}
	}
}
