package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

func dashboardPod(namespace, name, labels string, port int) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: %[1]s, namespace: %[2]s, uid: uid-of-%[1]s, labels: {%[3]s}}
spec:
  containers:
  - name: app
    ports: [{containerPort: %[4]d}]
    env:
    - {name: GF_SECURITY_ADMIN_USER, valueFrom: {secretKeyRef: {name: grafana, key: user}}}
    - {name: GF_SECURITY_ADMIN_PASSWORD, valueFrom: {secretKeyRef: {name: grafana, key: password}}}
status: {phase: Running, conditions: [{type: Ready, status: "True"}]}
`, name, namespace, labels, port)
}

// liveOutput is a command's output that a test reads while the command runs.
type liveOutput struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *liveOutput) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *liveOutput) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// running is a dashboard command that was started and not yet stopped.
type running struct {
	t              *testing.T
	stdout, stderr *liveOutput
	stop           context.CancelFunc
	code           chan int
}

// startDashboard runs `meshctl dashboard ARGS` until the test ends.
func startDashboard(t *testing.T, s *kubetest.Server, args ...string) *running {
	t.Helper()
	e := testEnv(t, "")
	r := &running{t: t, stdout: &liveOutput{}, stderr: &liveOutput{}, code: make(chan int, 1)}
	e.out, e.err = r.stdout, r.stderr
	var ctx context.Context
	ctx, r.stop = context.WithCancel(t.Context())
	args = append([]string{"meshctl", "--kubeconfig", s.Kubeconfig(), "dashboard", "--address", "127.0.0.1"}, args...)
	go func() { r.code <- run(ctx, e, args) }()
	t.Cleanup(r.stop)
	return r
}

func (r *running) waitFor(what string, holds func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("%s did not come\nstdout:\n%s\nstderr:\n%s", what, r.stdout, r.stderr)
		}
	}
}

func (r *running) url() string {
	r.t.Helper()
	r.waitFor("the URL", func() bool { return strings.Contains(r.stdout.String(), "\n") })
	return strings.TrimSpace(r.stdout.String())
}

// end stops the command as Ctrl-C does, and returns its exit code.
func (r *running) end() int {
	r.t.Helper()
	r.stop()
	select {
	case code := <-r.code:
		return code
	case <-time.After(5 * time.Second):
		r.t.Fatal("the command does not end")
		return 0
	}
}

// web is a dashboard's web server, and its address.
func web(t *testing.T, handler http.HandlerFunc) string {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }
}

// get reads a URL over a connection of its own.
func get(url string) (string, error) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
	response, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}
