package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

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

func TestDashboardFollowsItsPod(t *testing.T) {
	s := kubetest.NewServer(t, dashboardPod("istio-system", "kiali-1", "app: kiali", 20001))
	s.Forward("istio-system", "kiali-1", 20001, web(t, says("old")))
	r := startDashboard(t, s, "kiali")
	url := r.url()
	if !strings.HasSuffix(url, "/kiali") {
		t.Errorf("URL %s", url)
	}
	s.Delete("Pod", "istio-system", "kiali-1")
	s.Forward("istio-system", "kiali-2", 20001, web(t, says("new")))
	s.Apply(dashboardPod("istio-system", "kiali-2", "app: kiali", 20001))
	if body, err := get(url); err != nil || body != "new" {
		t.Errorf("got %q, %v", body, err)
	}
	if !strings.Contains(r.stderr.String(), "kiali: pod kiali-1 is gone; now connected to pod istio-system/kiali-2\n") {
		t.Errorf("stderr:\n%s", r.stderr)
	}
}

func TestDashboardHealsAgainAndAgainWithoutLeaks(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := kubetest.NewServer(t, dashboardPod("a", "p", "app: zipkin", 9411))
	defer s.Stop()
	app := httptest.NewServer(says("ok"))
	defer app.Close()
	s.Forward("a", "p", 9411, app.URL)
	r := startDashboard(t, s, "zipkin", "--path", "/")
	url := r.url()
	for i := range 30 {
		s.BreakTunnels()
		if body, err := get(url); err != nil || body != "ok" {
			t.Fatalf("after break %d: %q, %v\n%s", i+1, body, err, r.stderr)
		}
	}
	if n := s.Tunnels(); n > 10 {
		t.Errorf("%d port-forwards are open", n)
	}
	if code := r.end(); code != exitOK {
		t.Errorf("exit %d", code)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func TestDashboardOutlivesItsAPIServer(t *testing.T) {
	s := kubetest.NewServer(t, dashboardPod("a", "p", "app: zipkin", 9411))
	s.Forward("a", "p", 9411, web(t, says("ok")))
	r := startDashboard(t, s, "zipkin", "--path", "/")
	url := r.url()
	s.Fault(func(w http.ResponseWriter, _ *http.Request) bool {
		kubetest.Refuse(w, 503, "ServiceUnavailable", "starting")
		return true
	})
	s.BreakTunnels()
	answers := make(chan string, 1)
	go func() {
		body, err := get(url)
		answers <- fmt.Sprint(body, err)
	}()
	r.waitFor("the notice", func() bool { return strings.Contains(r.stderr.String(), "trying to connect again") })
	s.Fault(nil)
	if got := <-answers; got != "ok<nil>" {
		t.Errorf("the request that waited got %s", got)
	}
}

func TestDashboardCarriesWhatBrowsersDo(t *testing.T) {
	const size = 200 << 20
	block := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	events := make(chan string)
	sockets := websocket.Upgrader{}
	s := kubetest.NewServer(t, dashboardPod("a", "prom", "app.kubernetes.io/name: prometheus", 9090))
	s.Forward("a", "prom", 9090, web(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/big":
			for sent := 0; sent < size; sent += len(block) {
				w.Write(block)
			}
		case "/events":
			w.Header().Set("Content-Type", "text/event-stream")
			for event := range events {
				fmt.Fprintf(w, "data: %s\n\n", event)
				w.(http.Flusher).Flush()
			}
		case "/socket":
			conn, err := sockets.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer conn.Close()
			kind, message, err := conn.ReadMessage()
			if err == nil {
				conn.WriteMessage(kind, bytes.ToUpper(message))
			}
		default:
			io.WriteString(w, r.URL.Path)
		}
	}))
	url := startDashboard(t, s, "prometheus").url()

	t.Run("a hundred requests at once", func(t *testing.T) {
		var work errgroup.Group
		for i := range 100 {
			work.Go(func() error {
				path := fmt.Sprintf("/%d", i)
				body, err := get(url + path)
				if err == nil && body != path {
					err = fmt.Errorf("%s: got %q", path, body)
				}
				return err
			})
		}
		if err := work.Wait(); err != nil {
			t.Error(err)
		}
	})
	t.Run("200 MB", func(t *testing.T) {
		response, err := http.Get(url + "/big")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		got, want := sha256.New(), sha256.New()
		n, err := io.Copy(got, response.Body)
		for sent := 0; sent < size; sent += len(block) {
			want.Write(block)
		}
		if err != nil || n != size || !same(got, want) {
			t.Errorf("got %d bytes, %v", n, err)
		}
	})
	t.Run("server-sent events", func(t *testing.T) {
		go func() { events <- "first" }()
		response, err := http.Get(url + "/events")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		buffer := make([]byte, 100)
		for _, event := range []string{"first", "second"} {
			n, err := response.Body.Read(buffer)
			if got := string(buffer[:n]); got != "data: "+event+"\n\n" {
				t.Fatalf("got %q, %v", got, err)
			}
			if event == "first" {
				events <- "second"
			}
		}
		close(events)
	})
	t.Run("WebSocket", func(t *testing.T) {
		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/socket", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.WriteMessage(websocket.TextMessage, []byte("hello"))
		if _, message, err := conn.ReadMessage(); string(message) != "HELLO" {
			t.Errorf("got %q, %v", message, err)
		}
	})
}

func same(a, b hash.Hash) bool { return bytes.Equal(a.Sum(nil), b.Sum(nil)) }

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

func TestDashboardsAreFoundOrExplained(t *testing.T) {
	two := dashboardPod("istio-system", "prometheus-0", "app.kubernetes.io/name: prometheus", 9090) + "---" +
		dashboardPod("monitoring", "prom-a", "app.kubernetes.io/name: prometheus, app.kubernetes.io/instance: a", 9090)
	three := two + "---" + dashboardPod("monitoring", "prom-b", "app.kubernetes.io/name: prometheus, app.kubernetes.io/instance: b", 9090)
	service := `
apiVersion: v1
kind: Service
metadata: {name: prom, namespace: monitoring}
spec: {selector: {app.kubernetes.io/instance: a}, ports: [{name: web, port: 80, targetPort: 9090}, {name: reload, port: 81}]}
`
	tests := []struct {
		name, objects, args string
		pod, failure        string
	}{
		{"several, one in istio-system", three, "prometheus", "istio-system/prometheus-0", ""},
		{"in the namespace asked for", two, "prometheus -n monitoring", "monitoring/prom-a", ""},
		{"several in the namespace asked for", three, "prometheus -n monitoring", "",
			"there are several; choose one:\n  meshctl dashboard prometheus -n monitoring -l 'app.kubernetes.io/name=prometheus,app.kubernetes.io/instance=a'   # pod prom-a\n"},
		{"by the labels that this error names", three, "prometheus -n monitoring -l app.kubernetes.io/name=prometheus,app.kubernetes.io/instance=b", "monitoring/prom-b", ""},
		{"by service", three + "---" + service, "prometheus --service monitoring/prom:web", "monitoring/prom-a", ""},
		{"by service without port", three + "---" + service, "prometheus --service monitoring/prom", "", "has several ports; choose one of 80 web, 81 reload"},
		{"none", two, "grafana", "", "looking for Grafana: no pod with its usual labels in any namespace"},
		{"istiod", dashboardPod("istio-system", "istiod-1", "app: istiod", 15014), "istiod-debug", "istio-system/istiod-1", ""},
		{"istiod of a revision", dashboardPod("istio-system", "istiod-1", "app: istiod, istio.io/rev: canary", 15014), "controlz -r canary", "istio-system/istiod-1", ""},
		{"a proxy by name", dashboardPod("shop", "web-1", "app: web", 80), "proxy web-1.shop", "shop/web-1", ""},
		{"a proxy by labels", dashboardPod("shop", "web-1", "app: web", 80), "envoy -n shop -l app=web", "shop/web-1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := kubetest.NewServer(t, tt.objects)
			app := web(t, says(""))
			for _, pod := range s.Objects() {
				for _, port := range []int{9090, 9876, 15000, 15014} {
					s.Forward(pod.Namespace, pod.Name, port, app)
				}
			}
			r := startDashboard(t, s, append(strings.Fields(tt.args), "--browser=false")...)
			if tt.failure != "" {
				if code := <-r.code; code != exitFailed || !strings.Contains(r.stderr.String(), tt.failure) || r.stdout.String() != "" {
					t.Errorf("exit %d, stderr:\n%s", code, r.stderr)
				}
				return
			}
			r.url()
			r.waitFor("the pod", func() bool { return strings.Contains(r.stderr.String(), "forwarding to pod "+tt.pod+" ") })
		})
	}
}

func TestDashboardListAndAll(t *testing.T) {
	s := kubetest.NewServer(t, dashboardPod("monitoring", "grafana-1", "app.kubernetes.io/name: grafana", 3000),
		dashboardPod("istio-system", "kiali-1", "app: kiali", 20001))
	s.Forward("monitoring", "grafana-1", 3000, web(t, says("grafana")))
	s.Forward("istio-system", "kiali-1", 20001, web(t, says("kiali")))
	got := meshctl(testEnv(t, ""), "--kubeconfig", s.Kubeconfig(), "dashboard", "list")
	want := "DASHBOARD   NAMESPACE      POD         PORT    READY\n" +
		"grafana     monitoring     grafana-1   3000    true\n" +
		"kiali       istio-system   kiali-1     20001   true\n"
	if got.code != exitOK || got.stdout != want {
		t.Errorf("exit %d, stderr %s\n%s", got.code, got.stderr, cmp.Diff(want, got.stdout))
	}
	r := startDashboard(t, s, "all", "-o", "json")
	r.waitFor("the list", func() bool { return strings.Contains(r.stdout.String(), "]\n") })
	var list []struct{ Name, URL string }
	if err := json.Unmarshal([]byte(r.stdout.String()), &list); err != nil || len(list) != 2 {
		t.Fatalf("got %s, %v", r.stdout, err)
	}
	for _, d := range list {
		if body, err := get(d.URL); body != d.Name {
			t.Errorf("%s answers %q, %v", d.URL, body, err)
		}
	}
	if code := r.end(); code != exitOK {
		t.Errorf("exit %d", code)
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
