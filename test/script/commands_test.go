package script

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

// code runs a program and expects an exit code.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := exitCode(ts, ts.Exec(args[1], args[2:]...))
	if said := ts.ReadFile("stderr"); strings.Contains(said, "panic: ") || strings.Contains(said, "goroutine ") {
		ts.Fatalf("%s panics:\n%s", strings.Join(args[1:], " "), said)
	}
	if got != want {
		ts.Fatalf("%s: exit code %d, expected %d", strings.Join(args[1:], " "), got, want)
	}
}

func exitCode(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	ts.Fatalf("%v", err)
	return -1
}

// patience is how long a story waits for what should come at once.
const patience = 20 * time.Second

// interrupt runs a program until its output matches a pattern, or until @FILE
// exists, and then presses Ctrl-C.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: interrupt N PATTERN PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	args = args[1:]
	said := &watched{pattern: regexp.MustCompile(args[0]), seen: make(chan struct{})}
	if file, isFile := strings.CutPrefix(args[0], "@"); isFile {
		go said.waitFor(ts.MkAbs(file))
	}
	cmd := exec.Command(filepath.Join(bin, args[1]), args[2:]...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), environment(ts)
	cmd.Stdout, cmd.Stderr = said, said
	stdin, err := cmd.StdinPipe() // stays open: a program that reads it blocks
	ts.Check(err)
	defer stdin.Close()
	ts.Check(cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()

	select {
	case <-said.seen:
	case err := <-ended:
		ts.Fatalf("%s ended (%v) before its output matched %q:\n%s", args[1], err, args[0], said)
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		ts.Fatalf("%s: output does not match %q:\n%s", args[1], args[0], said)
	}
	ts.Check(cmd.Process.Signal(os.Interrupt))
	select {
	case err := <-ended:
		if got := exitCode(ts, err); got != want {
			ts.Fatalf("%s: exit code %d after Ctrl-C, expected %d:\n%s", args[1], got, want, said)
		}
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		ts.Fatalf("%s goes on after Ctrl-C:\n%s", args[1], said)
	}
}

// environment is the story's environment for a program that is not started
// by package testscript.
func environment(ts *testscript.TestScript) []string {
	env := []string{}
	for _, name := range []string{"HOME", "USERPROFILE", "KUBECONFIG", "PATH", "TMPDIR", "TMP", "SYSTEMROOT"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	return env
}

// watched collects output and tells when it matches a pattern.
type watched struct {
	mu      sync.Mutex
	text    bytes.Buffer
	pattern *regexp.Regexp
	seen    chan struct{}
	once    sync.Once
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.text.Write(p)
	if w.pattern.Match(w.text.Bytes()) {
		w.once.Do(func() { close(w.seen) })
	}
	return n, err
}

// waitFor counts the existence of a file as a match.
func (w *watched) waitFor(file string) {
	for start := time.Now(); time.Since(start) < patience; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			w.once.Do(func() { close(w.seen) })
			return
		}
	}
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func crlf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: crlf FILE")
	}
	text := strings.ReplaceAll(ts.ReadFile(args[0]), "\n", "\r\n")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

func longLine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: long-line FILE")
	}
	text := "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: long\n  namespace: shop\ndata:\n  line: " + strings.Repeat("x", 1<<20) + "\n"
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}

func binary(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: binary FILE")
	}
	data := make([]byte, 4096)
	for i := range data {
		data[i] = byte(i * 7)
	}
	copy(data, "\x7fELF\x02\x01\x01\x00")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}

// cluster starts an API server with the objects of a file and makes it the
// story's cluster. Port 3000 of pod monitoring/grafana-0 leads to a page.
func cluster(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: cluster FILE")
	}
	page := httptest.NewServer(http.NotFoundHandler())
	ts.Defer(page.Close)
	server := kubetest.NewServer(story{ts}, ts.ReadFile(args[0]))
	server.Forward("monitoring", "grafana-0", 3000, page.URL)
	ts.Setenv("KUBECONFIG", server.Kubeconfig())
}

// story owns a server.
type story struct{ ts *testscript.TestScript }

func (story) Helper()             {}
func (s story) Cleanup(f func())  { s.ts.Defer(f) }
func (s story) Fatal(args ...any) { s.ts.Fatalf("%s", fmt.Sprint(args...)) }
func (s story) TempDir() string   { return s.ts.Getenv("HOME") }

// blackhole listens, accepts and is silent, as a dead API server behind a
// load balancer is.
func blackhole(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: blackhole KUBECONFIG")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { listener.Close() })
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), fmt.Appendf(nil, `{apiVersion: v1, kind: Config, current-context: hole,
clusters: [{name: hole, cluster: {server: "https://%s"}}],
contexts: [{name: hole, context: {cluster: hole, user: me}}],
users: [{name: me, user: {token: secret}}]}
`, listener.Addr()), 0o600))
	asked := ts.MkAbs(args[0] + ".asked")
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = os.WriteFile(asked, nil, 0o600) // a story that waits for it says that it is missing
			go func() { _, _ = io.Copy(io.Discard, conn) }()
		}
	}()
}
