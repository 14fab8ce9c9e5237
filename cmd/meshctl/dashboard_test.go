package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

func TestDashboardOpensAndEndsCleanly(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := kubetest.NewServer(t, dashboardPod("monitoring", "grafana-1", "app.kubernetes.io/name: grafana", 3000))
	defer s.Stop()
	app := httptest.NewServer(says("hello from grafana"))
	defer app.Close()
	s.Forward("monitoring", "grafana-1", 3000, app.URL)
	r := startDashboard(t, s, "grafana")
	if body, err := get(r.url()); err != nil || body != "hello from grafana" {
		t.Errorf("got %q, %v", body, err)
	}
	if code := r.end(); code != exitOK {
		t.Errorf("exit %d, stderr %s", code, r.stderr)
	}
	want := "grafana: forwarding to pod monitoring/grafana-1 port 3000; Ctrl-C ends\n" +
		"grafana: user and password are in Secret monitoring/grafana (--show-credentials prints them)\n"
	if diff := cmp.Diff(want, r.stderr.String()); diff != "" {
		t.Error(diff)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func TestDashboardTellsScriptsEverything(t *testing.T) {
	s := kubetest.NewServer(t, dashboardPod("monitoring", "grafana-1", "app.kubernetes.io/name: grafana", 3000),
		`{apiVersion: v1, kind: Secret, metadata: {name: grafana, namespace: monitoring}, data: {user: Ym9zcw==, password: czNjcmV0}}`)
	s.Forward("monitoring", "grafana-1", 3000, web(t, says("")))
	r := startDashboard(t, s, "grafana", "-o", "json", "--show-credentials")
	r.waitFor("the password", func() bool { return strings.Contains(r.stderr.String(), "user boss, password s3cret\n") })
	var got struct {
		Name, URL, Namespace, Pod string
		Port, LocalPort           int
	}
	if err := json.Unmarshal([]byte(r.stdout.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.URL != fmt.Sprintf("http://127.0.0.1:%d", got.LocalPort) || got.Pod != "grafana-1" || got.Port != 3000 {
		t.Errorf("got %+v", got)
	}
	if strings.Contains(r.stdout.String(), "s3cret") {
		t.Error("the password is on stdout")
	}
}

func TestDashboardFailsClearly(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s := kubetest.NewServer(t, dashboardPod("a", "p", "app: zipkin", 9411))
	s.Forward("a", "p", 9411, web(t, says("")))
	gone := kubetest.NewServer(t)
	gone.Stop()
	tests := []struct {
		name   string
		server *kubetest.Server
		args   string
		code   int
		stderr string
	}{
		{"no cluster", gone, "zipkin", exitCluster, "connection refused"},
		{"port in use", s, fmt.Sprintf("zipkin --port %d", taken.Addr().(*net.TCPAddr).Port), exitFailed, "address already in use; choose another one with --port"},
		{"bad port", s, "zipkin --port 70000", exitUsage, "expected a number from 1 to 65535"},
		{"bad path", s, "zipkin --path x", exitUsage, "starts with a slash"},
		{"bad service", s, "zipkin --service a/b/c", exitUsage, "[NAMESPACE/]NAME[:PORT]"},
		{"two ways to choose", s, "zipkin --service a/b -l x=y", exitUsage, "give one of them"},
		{"no pod", s, "proxy", exitUsage, "name a pod"},
		{"unknown", s, "grafan", exitUsage, "did you mean grafana?"},
		{"one port for all", s, "all --port 1", exitUsage, "one for each dashboard"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := startDashboard(t, tt.server, strings.Fields(tt.args)...)
			if code := <-r.code; code != tt.code || !strings.Contains(r.stderr.String(), tt.stderr) || r.stdout.String() != "" {
				t.Errorf("exit %d, want %d; stdout %q, stderr:\n%s", code, tt.code, r.stdout, r.stderr)
			}
		})
	}
}

func TestBrowserOpensOnlyWhereItIsSeen(t *testing.T) {
	s := kubetest.NewServer(t, dashboardPod("a", "p", "app: zipkin", 9411))
	s.Forward("a", "p", 9411, web(t, says("")))
	for flag, want := range map[string]bool{"auto": false, "false": false, "true": true} {
		e := testEnv(t, "")
		opened := make(chan string, 1)
		e.browse = func(url string) error { opened <- url; return nil }
		out := &liveOutput{}
		e.out, e.err = out, &liveOutput{}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan int, 1)
		go func() {
			ended <- run(ctx, e, []string{"meshctl", "--kubeconfig", s.Kubeconfig(), "d", "zipkin", "--browser=" + flag})
		}()
		if want {
			if url := <-opened; url != strings.TrimSpace(out.String()) {
				t.Errorf("opened %s, said %s", url, out)
			}
		} else {
			for !strings.Contains(out.String(), "\n") {
				time.Sleep(time.Millisecond)
			}
		}
		stop()
		<-ended
		if !want && len(opened) > 0 {
			t.Errorf("--browser=%s into a pipe opened a browser", flag)
		}
	}
}
