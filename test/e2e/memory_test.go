package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// fiftyPods are enough that, with those of the other stories, a lab has fifty.
const fiftyPods = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: many}
spec:
  replicas: 40
  selector: {matchLabels: {app: many}}
  template:
    metadata: {labels: {app: many}}
    spec: {containers: [{name: many, image: many}]}
`

// A lab with fifty pods, each with its Envoy, fits into a small machine.
func TestFiftyPodsFitIntoAFewGiB(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory of processes is read from /proc, which only Linux has")
	}
	c := mesh.In(t, "istio-injection=enabled")
	c.WaitForInjection()
	c.Apply(fiftyPods)
	c.WaitForRollouts()
	if envoys := len(c.Runtime.Envoys("")); envoys < 50 {
		t.Fatalf("only %d Envoys run", envoys)
	}
	files, err := filepath.Glob(filepath.Join(c.Dir, "pids", "*"))
	if err != nil || len(files) < 6 {
		t.Fatalf("finding the processes of the lab: %d files, %v", len(files), err)
	}
	total := residentKiB(t, os.Getpid()) // the Envoys live in this process
	for _, file := range files {
		var pid int
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Sscan(string(data), &pid)
		total += residentKiB(t, pid)
	}
	t.Logf("%d MiB", total/1024)
	if limit := 2560 * 1024; total > limit {
		t.Errorf("a lab with fifty pods needs %d MiB, want at most %d", total/1024, limit/1024)
	}
}

// residentKiB returns how much memory a process holds.
func residentKiB(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var size int
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &size); err == nil {
			return size
		}
	}
	t.Fatalf("process %d tells no VmRSS", pid)
	return 0
}
