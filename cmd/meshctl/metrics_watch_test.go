package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// watching starts `meshctl metrics --watch` on a Prometheus.
func watching(t *testing.T, prometheus http.HandlerFunc, args ...string) *running {
	t.Helper()
	r := &running{t: t, stdout: &liveOutput{}, stderr: &liveOutput{}, code: make(chan int, 1)}
	e := testEnv(t, "")
	e.out, e.err = r.stdout, r.stderr
	var ctx context.Context
	ctx, r.stop = context.WithCancel(t.Context())
	args = append([]string{"meshctl", "metrics", "-A", "--watch", "--every", "1s", "--prometheus", web(t, prometheus)}, args...)
	go func() { r.code <- run(ctx, e, args) }()
	return r
}

// Into a pipe one table comes after the other; a Prometheus that restarts does
// not end it, and Ctrl-C is no failure.
func TestMetricsWatchGoesOn(t *testing.T) {
	var broken atomic.Bool
	r := watching(t, func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() {
			http.Error(w, "<html>starting</html>", http.StatusServiceUnavailable)
			return
		}
		fakePrometheus(w, r)
	})
	tables := func() int { return strings.Count(r.stdout.String(), "web-v1 ") }
	r.waitFor("two tables", func() bool { return tables() >= 2 })
	broken.Store(true)
	r.waitFor("a word about it", func() bool {
		return strings.Contains(r.stderr.String(), "warning: asking Prometheus for ") && strings.Contains(r.stderr.String(), "503 Service Unavailable") &&
			strings.Contains(r.stderr.String(), "trying again in 1s")
	})
	before := tables()
	broken.Store(false)
	r.waitFor("the next table", func() bool { return tables() > before })
	if strings.Contains(r.stdout.String(), "\x1b") {
		t.Errorf("a pipe gets what is for terminals: %q", r.stdout)
	}
	if code := r.end(); code != exitOK {
		t.Errorf("exit %d", code)
	}
}

func TestMetricsWatchPrintsADocumentALine(t *testing.T) {
	r := watching(t, fakePrometheus, "-o", "json")
	r.waitFor("two lines", func() bool { return strings.Count(r.stdout.String(), "\n") >= 2 })
	for line := range strings.Lines(r.stdout.String()) {
		var look struct {
			Time time.Time
			Rows []struct{ Workload string }
		}
		if err := json.Unmarshal([]byte(line), &look); err != nil || look.Time.IsZero() || len(look.Rows) != 1 || look.Rows[0].Workload != "web-v1" {
			t.Errorf("%v: %s", err, line)
		}
	}
	r.end()
}

// What is wrong from the start is not tried again and again.
func TestMetricsWatchFailsAtOnce(t *testing.T) {
	r := watching(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>login</html>") })
	if code := <-r.code; code != exitFailed || !strings.Contains(r.stderr.String(), "is this its address?") {
		t.Errorf("exit %d, stderr %s", code, r.stderr)
	}
}

func TestMetricsOfABrokenPrometheus(t *testing.T) {
	tests := map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"a page":    {func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>login</html>") }, "it answers 200 OK with what is no answer of Prometheus"},
		"a failure": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "oops", 500) }, "it answers 500 Internal Server Error"},
		"its own": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(422)
			fmt.Fprint(w, `{"status":"error","error":"too many samples"}`)
		}, "it answers: too many samples"},
		"a login": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "Unauthorized", 401) }, "it answers 401 Unauthorized"},
		"nothing": {func(_ http.ResponseWriter, r *http.Request) { r.ParseForm(); <-r.Context().Done() }, "--timeout"},
		"half of it": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			fmt.Fprint(w, `{"sta`)
		}, "unexpected EOF"},
		"an odd value": {func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"status":"success","data":{"result":[{"metric":{},"value":[1,"x"]}]}}`)
		}, "no number"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := meshctl(testEnv(t, ""), "metrics", "-A", "--timeout", "1s", "--prometheus", web(t, tt.answer))
			if got.code != exitFailed || !strings.Contains(got.stderr, tt.want) || got.stdout != "" {
				t.Errorf("exit %d, stdout %q, stderr:\n%s", got.code, got.stdout, got.stderr)
			}
		})
	}
}

func TestMetricsWithoutTraffic(t *testing.T) {
	got := meshctl(testEnv(t, ""), "metrics", "-A", "--prometheus", web(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"status": "success", "data": {"result": []}}`)
	}))
	if got.code != exitOK || !strings.Contains(got.stderr, "no traffic seen within 1m0s") || strings.Count(got.stdout, "\n") != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestATextIsCutToTheTerminal(t *testing.T) {
	tests := []struct {
		text           string
		columns, lines int
		want           []string
	}{
		{"a\nb\n", 80, 24, []string{"a", "b"}},
		{"a\nb\nc\nd\n", 80, 4, []string{"a", "b", "... and 2 more lines"}},
		{"abcdef\n", 4, 24, []string{"abc…"}},
		{"a\nb\n", 0, 0, []string{"a", "b"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, fit(tt.text, tt.columns, tt.lines)); diff != "" {
			t.Error(diff)
		}
	}
}
