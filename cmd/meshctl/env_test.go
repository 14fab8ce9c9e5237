package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// outcome is what a user sees of a command that has ended.
type outcome struct {
	code   int
	stdout string
	stderr string
}

// testEnv is an environment without terminal, cluster, browser or settings,
// whose home is an empty folder. stdin is what the command reads.
func testEnv(t *testing.T, stdin string) *env {
	t.Helper()
	home := t.TempDir()
	vars := map[string]string{"HOME": home, "XDG_CONFIG_HOME": home}
	t.Setenv("KUBECONFIG", home+"/absent") // client-go reads the process's environment
	return &env{
		in: strings.NewReader(stdin), out: &bytes.Buffer{}, err: &bytes.Buffer{},
		now:    func() time.Time { return time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC) },
		getenv: func(name string) string { return vars[name] },
		browse: func(string) error { return errors.New("no browser in tests") },
	}
}

// meshctl runs a command line in an environment.
func meshctl(e *env, args ...string) outcome {
	code := run(context.Background(), e, append([]string{"meshctl"}, args...))
	return outcome{code, e.out.(*bytes.Buffer).String(), e.err.(*bytes.Buffer).String()}
}
