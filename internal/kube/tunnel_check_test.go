package kube

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

// One connection to the API server breaks while a request is under way over
// another: the check that finds the broken one leaves the other alone.
func TestACheckLeavesAloneWhatIsInUse(t *testing.T) {
	const pod = `{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, status: {phase: Running}}`
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	defer app.Close()
	s := kubetest.NewServer(t, pod)
	s.Forward("shop", "web", 80, app.URL)
	tunnel := NewForConfig(s.Config(), Options{}).Tunnel("shop", "web")
	defer tunnel.Close()
	var inUse [2]net.Conn // each has a session of its own
	for i := range inUse {
		conn, err := tunnel.Dial(t.Context(), 80)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		inUse[i] = conn
	}
	if len(tunnel.sessions) != 2 {
		t.Fatalf("%d connections to the API server, want 2", len(tunnel.sessions))
	}
	tunnel.sessions[0].fail(errors.New("cut"))
	if err := tunnel.Check(t.Context()); err != nil {
		t.Errorf("a tunnel with a connection that works: %v", err)
	}
	if _, err := fmt.Fprint(inUse[1], "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := inUse[1].Read(make([]byte, 1)); err != nil {
		t.Errorf("reading over the connection that works: %v", err)
	}

	s.Stop()
	if err := tunnel.Check(t.Context()); err == nil {
		t.Error("a tunnel without an API server passes the check")
	}
}
