package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// result is what a run of meshctl has come to.
type result struct {
	args           []string
	stdout, stderr string
	code           int
	took           time.Duration
}

// commandTimeout is far more than any command may take.
const commandTimeout = 2 * time.Minute

// runMeshctl runs meshctl with a kubeconfig to its end.
func runMeshctl(t *testing.T, kubeconfig string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
	defer cancel()
	cmd := command(ctx, kubeconfig, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	r := result{args: args, stdout: stdout.String(), stderr: stderr.String(), took: time.Since(start)}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		t.Fatalf("meshctl %s did not end within %s\nstderr:\n%s", strings.Join(args, " "), commandTimeout, r.stderr)
	case errors.As(err, &exit):
		r.code = exit.ExitCode()
	case err != nil:
		t.Fatalf("running meshctl %s: %v", strings.Join(args, " "), err)
	}
	return r
}

// command prepares a run of meshctl that sees nothing of the user's settings.
func command(ctx context.Context, kubeconfig string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, meshctl, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "KUBECONFIG=" + kubeconfig, "TERM=dumb", "TZ=UTC"}
	return cmd
}

// mustMeshctl runs meshctl, which has to succeed, and returns its output.
func mustMeshctl(t *testing.T, kubeconfig string, args ...string) string {
	t.Helper()
	r := runMeshctl(t, kubeconfig, args...)
	r.want(t, 0)
	return r.stdout
}

// want checks the exit code.
func (r result) want(t *testing.T, code int) {
	t.Helper()
	if r.code != code {
		t.Fatalf("meshctl %s: exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", strings.Join(r.args, " "), r.code, code, r.stdout, r.stderr)
	}
}

// decode reads JSON.
func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var value T
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatalf("reading JSON: %v\n%s", err, text)
	}
	return value
}

// lines are what a command says, read while it runs.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// withoutTest returns a context for the time after a test, whose own context
// has ended.
func withoutTest(limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), limit)
}
