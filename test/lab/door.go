package lab

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Door is an address of the API server of its own, behind which a test can make
// the API server slow or unavailable for whoever uses the door's kubeconfig,
// and for nobody else. A new door is open.
type Door struct {
	// Kubeconfig is the path of a kubeconfig for the administrator that goes
	// through the door.
	Kubeconfig string

	port    int
	keys    tls.Certificate
	forward *httputil.ReverseProxy
	server  *http.Server

	mu          sync.Mutex
	listener    net.Listener
	connections map[net.Conn]bool
	delay       time.Duration
	status      int    // answered instead of forwarding, 0 for none
	path        string // part of the paths to which delay and status apply
	requests    []string
}

// Hang is a delay for [Door.Slow] that no client waits out.
const Hang = time.Hour

// NewDoor opens a door. Close it in the end.
func (l *Lab) NewDoor() (*Door, error) {
	d := &Door{connections: map[net.Conn]bool{}}
	if err := l.ports.fill(&d.port); err != nil {
		return nil, err
	}
	var err error
	if d.keys, err = tls.LoadX509KeyPair(l.keys.serverCert, l.keys.serverKey); err != nil {
		return nil, fmt.Errorf("opening a door to the API server: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(l.keys.caPEM)
	server, err := url.Parse(l.apiURL())
	if err != nil {
		return nil, fmt.Errorf("opening a door to the API server: %w", err)
	}
	d.forward = httputil.NewSingleHostReverseProxy(server)
	d.forward.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 100}
	d.forward.FlushInterval = -1 // watches
	d.forward.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	name := fmt.Sprintf("door-%d.kubeconfig", d.port)
	if d.Kubeconfig, err = l.writeKubeconfig(name, "https://"+address(d.port), "lab-admin", l.keys.adminToken); err != nil {
		return nil, err
	}
	return d, d.Open()
}

// Open ends whatever was wrong with the door.
func (d *Door) Open() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.delay, d.status, d.path = 0, 0, ""
	if d.listener != nil {
		return nil
	}
	listener, err := net.Listen("tcp", address(d.port))
	if err != nil {
		return fmt.Errorf("opening a door to the API server: %w", err)
	}
	d.listener = listener
	d.server = &http.Server{Handler: http.HandlerFunc(d.serve), ConnState: d.track, ErrorLog: log.New(io.Discard, "", 0)}
	go d.server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{d.keys}})) // ends with Refuse
	return nil
}

// Slow delays each request to a path that contains the given text ("" for all).
func (d *Door) Slow(delay time.Duration, path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.delay, d.path = delay, path
}

// Fail answers each request to a path that contains the given text ("" for
// all) with a status instead of forwarding it.
func (d *Door) Fail(status int, path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.status, d.path = status, path
}

// Refuse cuts all connections and refuses new ones.
func (d *Door) Refuse() {
	d.mu.Lock()
	server := d.server
	d.listener, d.server = nil, nil
	d.mu.Unlock()
	if server != nil {
		server.Close()
	}
	d.Cut()
}

// Cut cuts all connections; new ones are welcome.
func (d *Door) Cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.connections {
		c.Close()
	}
	clear(d.connections)
}

// Close closes the door for good.
func (d *Door) Close() { d.Refuse() }

// Requests returns what has come through so far, as "GET /path".
func (d *Door) Requests() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.requests...)
}

func (d *Door) serve(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	d.requests = append(d.requests, r.Method+" "+r.URL.RequestURI())
	delay, status := d.delay, d.status
	if !strings.Contains(r.URL.Path, d.path) {
		delay, status = 0, 0
	}
	d.mu.Unlock()
	if delay > 0 {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(delay):
		}
	}
	if status != 0 {
		http.Error(w, http.StatusText(status), status)
		return
	}
	d.forward.ServeHTTP(w, r)
}

// track keeps the open connections, also those that a protocol upgrade took
// away from the server: only a closed one is forgotten.
func (d *Door) track(c net.Conn, state http.ConnState) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch state {
	case http.StateNew:
		d.connections[c] = true
	case http.StateClosed:
		delete(d.connections, c)
	}
}
