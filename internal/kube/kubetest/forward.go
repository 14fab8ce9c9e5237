package kubetest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// Forward makes a pod's port lead to an address, such as that of an
// httptest.Server. Ports without an address refuse connections.
func (s *Server) Forward(namespace, pod string, port int, address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ports[portKey{namespace + "/" + pod, port}] = strings.TrimPrefix(address, "http://")
}

// OnlySPDY makes the server refuse port-forwards over WebSocket, as old API
// servers and some proxies do.
func (s *Server) OnlySPDY() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noWS = true
}

// BreakTunnels cuts all port-forwards, as a restart of the API server does.
func (s *Server) BreakTunnels() { s.breakTunnels(func(*tunnel) bool { return true }) }

// Tunnels is the number of port-forwards that are open.
func (s *Server) Tunnels() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tunnels)
}

// tunnel is one port-forward connection.
type tunnel struct {
	server *Server
	pod    string
	conn   httpstream.Connection
	cut    func() error

	mu    sync.Mutex
	pairs map[string]map[string]httpstream.Stream // by requestID, then by type
	busy  sync.WaitGroup                          // forwarded connections
}

func (s *Server) breakTunnels(match func(*tunnel) bool) {
	s.mu.Lock()
	var broken []*tunnel
	for t := range s.tunnels {
		if match(t) {
			broken = append(broken, t)
			delete(s.tunnels, t)
		}
	}
	s.mu.Unlock()
	for _, t := range broken {
		t.cut()
	}
}

func (s *Server) portForward(w http.ResponseWriter, r *http.Request, at target) {
	if s.find(target{version: "v1", plural: "pods", namespace: at.namespace, name: at.name}) == nil {
		notFound(w, at)
		return
	}
	t := &tunnel{server: s, pod: at.namespace + "/" + at.name, pairs: map[string]map[string]httpstream.Stream{}}
	s.mu.Lock()
	noWS := s.noWS
	s.mu.Unlock()
	var err error
	switch {
	case websocket.IsWebSocketUpgrade(r) && noWS:
		Refuse(w, http.StatusBadRequest, "BadRequest", "unable to upgrade: no WebSocket here")
		return
	case websocket.IsWebSocketUpgrade(r):
		upgrader := websocket.Upgrader{Subprotocols: []string{"SPDY/3.1+portforward.k8s.io"}}
		var conn *websocket.Conn
		if conn, err = upgrader.Upgrade(w, r, nil); err == nil {
			tunnelled := portforward.NewTunnelingConnection("server", conn)
			t.cut = conn.NetConn().Close
			t.conn, err = spdy.NewServerConnection(tunnelled, t.stream)
		}
	default:
		w.Header().Set("X-Stream-Protocol-Version", "portforward.k8s.io")
		t.conn = spdy.NewResponseUpgrader().UpgradeResponse(w, r, t.stream)
		t.cut = func() error { return t.conn.Close() }
	}
	if err != nil || t.conn == nil {
		return
	}
	if !s.register(t) {
		t.cut()
	}
	<-t.conn.CloseChan()
	t.cut()
	s.mu.Lock()
	delete(s.tunnels, t)
	s.mu.Unlock()
	t.busy.Wait()
	s.busy.Done()
}

// register notes an open tunnel, so that it can be cut. It returns false when the
// server has stopped in the meantime and nobody would.
func (s *Server) register(t *tunnel) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tunnels[t] = true
	s.busy.Add(1)
	return !s.stopped
}

// stream collects the two streams of each forwarded connection.
func (t *tunnel) stream(st httpstream.Stream, replied <-chan struct{}) error {
	id, kind := st.Headers().Get("requestID"), st.Headers().Get("streamType")
	t.mu.Lock()
	defer t.mu.Unlock()
	pair := t.pairs[id]
	if pair == nil {
		pair = map[string]httpstream.Stream{}
		t.pairs[id] = pair
	}
	pair[kind] = st
	if len(pair) == 2 {
		delete(t.pairs, id)
		t.busy.Go(func() {
			<-replied
			if answered(pair["data"]) && answered(pair["error"]) {
				t.forward(pair["data"], pair["error"])
			}
			t.conn.RemoveStreams(pair["data"], pair["error"])
		})
	}
	return nil
}

// answered tells whether the client was told that a stream is open. It is not when
// the connection broke before, and the library waits for ever to close or write
// to such a stream.
func answered(s httpstream.Stream) bool {
	replier, ok := s.(interface {
		SendReply(headers http.Header, fin bool) error
	})
	return ok && replier.SendReply(http.Header{}, false) == nil // again: does nothing
}

func (t *tunnel) forward(data, problems httpstream.Stream) {
	defer problems.Close()
	var copies sync.WaitGroup
	defer copies.Wait()
	defer data.Reset() // ends the reading of it
	port, _ := strconv.Atoi(data.Headers().Get("port"))
	t.server.mu.Lock()
	address := t.server.ports[portKey{t.pod, port}]
	t.server.mu.Unlock()
	if address == "" {
		fmt.Fprintf(problems, "failed to connect to localhost:%d inside namespace: dial tcp4 127.0.0.1:%d: connect: connection refused", port, port)
		return
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		fmt.Fprintf(problems, "failed to connect to localhost:%d: %v", port, err)
		return
	}
	defer conn.Close()
	gone := make(chan struct{})
	copies.Go(func() {
		defer close(gone)
		io.Copy(data, conn)
		data.Close()
	})
	copies.Go(func() {
		io.Copy(conn, data)
		conn.(*net.TCPConn).CloseWrite()
	})
	select {
	case <-gone:
	case <-t.conn.CloseChan():
	}
}
