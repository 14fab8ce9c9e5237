package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

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
