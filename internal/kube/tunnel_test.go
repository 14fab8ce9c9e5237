package kube_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

const aPod = `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
status: {phase: Running, conditions: [{type: Ready, status: "True"}]}
`

// cluster is a client of the server that shares no connections with other tests.
func cluster(s *kubetest.Server) *kube.Cluster {
	return kube.NewForConfig(s.Config(), kube.Options{UserAgent: "meshctl/test"})
}

func noLeaks(t *testing.T) {
	existing := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		goleak.VerifyNone(t, existing, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
			goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
	})
}

func TestTunnelCarriesHTTP(t *testing.T) {
	for _, way := range []string{"WebSocket", "SPDY"} {
		t.Run(way, func(t *testing.T) {
			noLeaks(t)
			app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				fmt.Fprintf(w, "%s %s %x", r.Method, r.URL, sha256.Sum256(body))
			}))
			defer app.Close()
			s := kubetest.NewServer(t, aPod)
			s.Forward("shop", "web", 15000, app.URL)
			if way == "SPDY" {
				s.OnlySPDY()
			}
			tunnel := cluster(s).Tunnel("shop", "web")
			defer tunnel.Close()
			data, err := tunnel.Get(t.Context(), 15000, "/stats?format=json")
			if err != nil || !strings.HasPrefix(string(data), "GET /stats?format=json") {
				t.Fatalf("got %q, %v", data, err)
			}
			upload := strings.Repeat("x", 3<<20)
			response, err := tunnel.Client().Post("http://localhost:15000/logging", "text/plain", strings.NewReader(upload))
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			data, _ = io.ReadAll(response.Body)
			if want := fmt.Sprintf("POST /logging %x", sha256.Sum256([]byte(upload))); string(data) != want {
				t.Errorf("got %q, want %q", data, want)
			}
		})
	}
}

func TestTunnelCarries100RequestsAtOnceBesideAStalledReader(t *testing.T) {
	noLeaks(t)
	release := make(chan struct{})
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/big" {
			chunk := make([]byte, 1<<20)
			for range 64 {
				w.Write(chunk)
			}
			return
		}
		io.WriteString(w, r.URL.Path)
	}))
	defer app.Close()
	defer close(release)
	s := kubetest.NewServer(t, aPod)
	s.Forward("shop", "web", 80, app.URL)
	tunnel := cluster(s).Tunnel("shop", "web")
	defer tunnel.Close()

	stalled, err := tunnel.Client().Get("http://localhost:80/big")
	if err != nil {
		t.Fatal(err)
	}
	defer stalled.Body.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var work errgroup.Group
	for i := range 100 {
		work.Go(func() error {
			path := fmt.Sprintf("/%d", i)
			data, err := tunnel.Get(ctx, 80, path)
			if err == nil && string(data) != path {
				err = fmt.Errorf("%s answered %q", path, data)
			}
			return err
		})
	}
	if err := work.Wait(); err != nil {
		t.Fatal(err)
	}
	rest, err := io.Copy(io.Discard, stalled.Body)
	if err != nil || rest != 64<<20 {
		t.Errorf("the stalled reader got %d bytes, %v", rest, err)
	}
}

func TestTunnelOpensAnewWhatBroke(t *testing.T) {
	noLeaks(t)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }))
	defer app.Close()
	s := kubetest.NewServer(t, aPod)
	s.Forward("shop", "web", 80, app.URL)
	tunnel := cluster(s).Tunnel("shop", "web")
	defer tunnel.Close()
	for range 30 {
		if _, err := tunnel.Get(t.Context(), 80, "/"); err != nil {
			t.Fatal(err)
		}
		s.BreakTunnels()
		// A request may be lost while the break is not yet noticed; the tunnel must recover.
		tunnel.Client().CloseIdleConnections()
	}
}

func TestTunnelErrorsNameTheCause(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hang" {
			<-r.Context().Done()
			return
		}
		http.Error(w, "no such page", http.StatusNotFound)
	}))
	defer app.Close()
	s := kubetest.NewServer(t, aPod)
	s.Forward("shop", "web", 80, app.URL)
	get := func(pod string, port int, path string) error {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		_, err := cluster(s).GetFromPod(ctx, "shop", pod, port, path)
		return err
	}
	tests := []struct {
		name, pod string
		port      int
		path      string
		want      string
	}{
		{"nothing listens", "web", 81, "/", "reading / from port 81 of pod shop/web: nothing listens on the pod's port 81"},
		{"the pod refuses", "web", 80, "/x", "reading /x from port 80 of pod shop/web: the pod answers 404 Not Found: no such page"},
		{"the pod hangs", "web", 80, "/hang", "reading /hang from port 80 of pod shop/web: no answer in time"},
		{"no such pod", "gone", 80, "/", `forwarding to port 80 of pod shop/gone: pods "gone" not found`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			noLeaks(t)
			err := get(tt.pod, tt.port, tt.path)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
			var access *kube.AccessError
			if errors.As(err, &access) {
				t.Errorf("the cluster is blamed: %v", err)
			}
		})
	}
}
