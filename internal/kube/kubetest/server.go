// Package kubetest is an API server for tests: it serves the objects given to
// it and forwards the ports of its pods as a real one does, over WebSocket or
// SPDY.
package kubetest

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"

	"k8s.io/client-go/rest"

	"github.com/meshctl/meshctl/internal/resource"
)

// Owner is what a server stops with: a test, a story, or a program that needs
// a cluster to show something on.
type Owner interface {
	Helper()
	Cleanup(func())
	Fatal(...any)
	TempDir() string
}

// Server is a cluster's API server.
type Server struct {
	*httptest.Server
	t Owner

	mu       sync.Mutex
	objects  []*resource.Object
	ports    map[portKey]string
	requests []string
	fault    func(http.ResponseWriter, *http.Request) bool
	tunnels  map[*tunnel]bool
	noWS     bool
	version  int
	stopped  bool
	busy     sync.WaitGroup // open port-forwards
}

type portKey struct {
	pod  string // namespace/name
	port int
}

// NewServer starts a server with the objects of the YAML documents; it stops
// with its owner.
func NewServer(t Owner, manifests ...string) *Server {
	t.Helper()
	s := &Server{t: t, ports: map[portKey]string{}, tunnels: map[*tunnel]bool{}}
	for _, m := range manifests {
		s.Apply(m)
	}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Stop)
	return s
}

// Stop ends the server before the test ends: when it returns, no port-forward is
// left, nor one of its goroutines. It may be called twice.
func (s *Server) Stop() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.BreakTunnels()
	s.CloseClientConnections()
	s.Server.Close()
	s.busy.Wait()
}

// Config reaches the server.
func (s *Server) Config() *rest.Config { return &rest.Config{Host: s.URL} }

// Kubeconfig writes a kubeconfig with the one context "test" and returns its name.
func (s *Server) Kubeconfig() string {
	s.t.Helper()
	name := filepath.Join(s.t.TempDir(), "kubeconfig")
	text := `{apiVersion: v1, kind: Config, current-context: test,
clusters: [{name: test, cluster: {server: "` + s.URL + `"}}],
contexts: [{name: test, context: {cluster: test, user: test}}],
users: [{name: test, user: {}}]}
`
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return name
}

// Apply adds the objects of YAML documents, or replaces those of the same name.
func (s *Server) Apply(manifest string) {
	s.t.Helper()
	objects, problems := resource.Parse("manifest", []byte(manifest))
	for _, p := range problems {
		s.t.Fatal(p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range objects {
		s.put(o)
	}
}

func (s *Server) put(o *resource.Object) {
	s.version++
	for i, old := range s.objects {
		if old.Key == o.Key {
			s.objects[i] = o
			return
		}
	}
	s.objects = append(s.objects, o)
}

// Delete removes an object; the tunnels to a deleted pod break.
func (s *Server) Delete(kind, namespace, name string) {
	s.mu.Lock()
	s.remove(func(o *resource.Object) bool {
		return o.Kind == kind && o.Namespace == namespace && o.Name == name
	})
	s.mu.Unlock()
	if kind == "Pod" {
		s.breakTunnels(func(t *tunnel) bool { return t.pod == namespace+"/"+name })
	}
}

func (s *Server) remove(match func(*resource.Object) bool) (removed *resource.Object) {
	kept := s.objects[:0:0]
	for _, o := range s.objects {
		if match(o) {
			removed = o
			continue
		}
		kept = append(kept, o)
	}
	s.objects = kept
	return removed
}

// Objects are the objects that the server holds, in the order in which they came.
func (s *Server) Objects() []*resource.Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*resource.Object(nil), s.objects...)
}

// Requests are the requests so far: "GET /api/v1/pods?limit=500".
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// Fault runs before each request; if it returns true, it has answered. Nil removes it.
func (s *Server) Fault(f func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
	fault := s.fault
	s.mu.Unlock()
	if fault != nil && fault(w, r) {
		return
	}
	s.route(w, r)
}
