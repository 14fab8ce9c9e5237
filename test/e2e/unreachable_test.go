package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/meshctl/meshctl/test/lab"
)

// exitCluster is what a command returns that could not reach the cluster.
const exitCluster = 4

// The API server is stopped in the middle of a command.
func TestTheAPIServerIsStoppedInTheMiddleOfACommand(t *testing.T) {
	c := mesh.In(t)
	door := c.Door()
	door.Slow(500*time.Millisecond, "") // so that there is a middle
	cmd := command(c.Context(), door.Kubeconfig, "version", "--timeout", "20s")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.Eventually("the command's first request", func() error {
		if len(door.Requests()) == 0 {
			return fmt.Errorf("none has come")
		}
		return nil
	})
	c.APIServer.Stop()
	t.Cleanup(func() { restart(t, c) })
	_ = cmd.Wait() // the exit code tells
	checkUnreachable(t, cmd.ProcessState.ExitCode(), stderr.String(), time.Since(start), 22*time.Second)
}

// The API server takes connections and never answers.
func TestTheAPIServerHangs(t *testing.T) {
	c := mesh.In(t)
	c.APIServer.Freeze()
	t.Cleanup(c.APIServer.Thaw)
	r := runMeshctl(t, c.Kubeconfig, "version", "--timeout", "2s")
	checkUnreachable(t, r.code, r.stderr, r.took, 4*time.Second)
}

// checkUnreachable checks how a command ended that could not reach the cluster.
func checkUnreachable(t *testing.T, code int, stderr string, took, limit time.Duration) {
	t.Helper()
	if code != exitCluster {
		t.Errorf("exit code %d, want %d\n%s", code, exitCluster, stderr)
	}
	if took > limit {
		t.Errorf("the command took %s, want at most %s", took, limit)
	}
	for _, part := range []string{"127.0.0.1", "lab"} { // the server and the context
		if !strings.Contains(stderr, part) {
			t.Errorf("the error does not name %q:\n%s", part, stderr)
		}
	}
	if !strings.Contains(stderr, "kubectl") && !strings.Contains(stderr, "check") && !strings.Contains(stderr, "--context") && !strings.Contains(stderr, "--timeout") {
		t.Errorf("the error does not say what to do next:\n%s", stderr)
	}
	t.Logf("after %s: %s", took.Round(time.Millisecond), strings.TrimSpace(stderr))
}

// restart starts the API server again and waits until the mesh is as before.
func restart(t *testing.T, c *lab.Case) {
	t.Helper()
	ctx, cancel := withoutTest(time.Minute)
	defer cancel()
	if err := c.APIServer.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Lab.WaitForRollouts(ctx, "istio-system"); err != nil {
		t.Fatal(err)
	}
}
