package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func TestUsageErrorsExitWith2AndPointToHelp(t *testing.T) {
	tests := map[string]string{
		"nosuch":                  `"nosuch" is not a command of ` + "`meshctl`",
		"vesrion":                 "did you mean version?",
		"config lst":              "did you mean get or list or set?",
		"vesrion -x":              "did you mean version?",
		"--nosuch":                "unknown flag: --nosuch",
		"version extra":           `takes no arguments, only flags; got "extra"`,
		"version -o xml":          "expected one of table, wide, json, yaml, name",
		"version --timeout=-1s":   "a time cannot be negative",
		"version --timeout=never": "invalid duration",
		"config get":              "accepts 1 arg(s), received 0",
	}
	for line, want := range tests {
		got := meshctl(testEnv(t, ""), strings.Fields(line)...)
		if got.code != exitUsage || !strings.Contains(got.stderr, want) || !strings.Contains(got.stderr, "--help`") || got.stdout != "" {
			t.Errorf("%s: exit %d, stdout %q, stderr %q; want exit 2 and %q", line, got.code, got.stdout, got.stderr, want)
		}
	}
}

func TestExitCodes(t *testing.T) {
	tests := map[error]int{
		nil:                                           exitOK,
		errors.New("x"):                               exitFailed,
		fmt.Errorf("a: %w", usagef("x")):              exitUsage,
		fmt.Errorf("a: %w", errFindings):              exitFindings,
		fmt.Errorf("a: %w", errInterrupted):           exitInterrupted,
		fmt.Errorf("a: %w", context.Canceled):         exitInterrupted,
		fmt.Errorf("a: %w", context.DeadlineExceeded): exitFailed,
	}
	for err, want := range tests {
		if got := exitCode(err); got != want {
			t.Errorf("%v: got %d, want %d", err, got, want)
		}
	}
}

// stuck is an input that never comes.
type stuck struct{ release chan struct{} }

func (s stuck) Read([]byte) (int, error) {
	<-s.release
	return 0, io.EOF
}

func TestACommandThatWaitsForInputCanBeStopped(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	t.Run("by Ctrl-C", func(t *testing.T) {
		e := testEnv(t, "")
		e.in = stuck{release}
		ctx, interrupt := context.WithCancel(context.Background())
		time.AfterFunc(20*time.Millisecond, interrupt)
		if code := run(ctx, e, []string{"meshctl", "inject", "-f", "-"}); code != exitInterrupted {
			t.Errorf("exit %d: %s", code, e.err)
		}
	})
	t.Run("by --timeout", func(t *testing.T) {
		e := testEnv(t, "")
		e.in = stuck{release}
		got := meshctl(e, "inject", "-f", "-", "--timeout", "20ms")
		if got.code != exitFailed || !strings.Contains(got.stderr, "the time given by --timeout is over") {
			t.Errorf("exit %d: %s", got.code, got.stderr)
		}
	})
}

func TestPluginSpeaksOfItselfAsKubectlMesh(t *testing.T) {
	e := testEnv(t, "")
	run(context.Background(), e, []string{"/usr/local/bin/kubectl-mesh", "config", "--help"})
	out := e.out.(*bytes.Buffer).String()
	if !strings.Contains(out, "kubectl mesh config list") || strings.Contains(out, "meshctl config") {
		t.Errorf("help of the plugin:\n%s", out)
	}
}

func TestKebabCase(t *testing.T) {
	for in, want := range map[string]string{
		"istioNamespace": "istio-namespace", "meshConfigFile": "mesh-config-file", "clusterID": "cluster-id",
		"ingressIP": "ingress-ip", "ctrlz_port": "ctrlz-port", "output": "output", "remote-contexts": "remote-contexts",
	} {
		if got := kebabCase(nil, in); string(got) != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestColorFollowsFlagTerminalAndEnvironment(t *testing.T) {
	for flag, want := range map[string]bool{"auto": false, "never": false, "always": true} {
		e := testEnv(t, "")
		e.global.color = flag
		if got := e.colored(e.out); got != want {
			t.Errorf("--color %s into a buffer: got %v, want %v", flag, got, want)
		}
	}
}

func TestExperimentalReachesCommandsAndTheirSettings(t *testing.T) {
	e := testEnv(t, "")
	withConfig(t, e, "version:\n  short: true\n")
	got := meshctl(e, "x", "version", "--remote=false")
	if got.code != exitOK || strings.Contains(got.stdout, "(go") || !strings.HasPrefix(got.stdout, "client version: ") {
		t.Errorf("exit %d, stdout %q, stderr %q", got.code, got.stdout, got.stderr)
	}
}
