package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Each open connection to a pod has a session of its own as long as there are
// no more than these, so that a reader that stalls (a paused download) holds
// up nobody else. Sessions are used again; a few are kept for that.
const (
	sessionsPerPod = 256
	idleSessions   = 8
)

// Tunnel forwards connections to the ports of one pod through the API server.
// It opens nothing before the first Dial, opens anew what broke, and holds
// connections open until Close.
type Tunnel struct {
	cluster        *Cluster
	namespace, pod string
	client         *http.Client

	mu       sync.Mutex
	sessions []*session
	opening  int
	closed   bool
}

// Tunnel is a way to the ports of a pod. The caller closes it.
func (c *Cluster) Tunnel(namespace, pod string) *Tunnel {
	t := &Tunnel{cluster: c, namespace: namespace, pod: pod}
	if c.replay != nil {
		t.client = c.replayClient(namespace, pod)
		return t
	}
	t.client = &http.Client{Transport: &http.Transport{
		DialContext:         t.dialAddress,
		MaxIdleConnsPerHost: idleSessions,
		IdleConnTimeout:     time.Minute,
	}}
	return t
}

// Dial connects to a port on which the pod's containers listen. Whether
// something listens there shows at the first read.
func (t *Tunnel) Dial(ctx context.Context, port int) (net.Conn, error) {
	for {
		conn, err := t.dial(ctx, port)
		if errors.Is(err, errStalled) {
			continue // session does not pick the same one again
		}
		return conn, t.cluster.wrap(ctx, err, "forwarding to port %d of pod %s/%s", port, t.namespace, t.pod)
	}
}

func (t *Tunnel) dial(ctx context.Context, port int) (net.Conn, error) {
	s, err := t.session(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := s.dial(ctx, port)
	if _, usable := s.active(); err == nil || usable || ctx.Err() != nil {
		return conn, err
	}
	// It broke since it was last used: try once with a new one.
	if s, err = t.open(ctx); err != nil {
		return nil, err
	}
	return s.dial(ctx, port)
}

// session picks an idle session, else a new one, else the least busy one.
func (t *Tunnel) session(ctx context.Context) (*session, error) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil, net.ErrClosed
	}
	var best *session
	fewest, idle := 0, 0
	usable := t.sessions[:0]
	for _, s := range t.sessions {
		streams, ok := s.active()
		if !ok {
			continue
		}
		if streams == 0 {
			if idle++; idle > idleSessions {
				s.Close()
				continue
			}
		}
		usable = append(usable, s)
		if s.lags() {
			continue
		}
		if best == nil || streams < fewest {
			best, fewest = s, streams
		}
	}
	t.sessions = usable
	if best != nil && (fewest == 0 || len(usable)+t.opening >= sessionsPerPod) {
		t.mu.Unlock()
		return best, nil
	}
	t.mu.Unlock()
	return t.open(ctx)
}

func (t *Tunnel) open(ctx context.Context) (*session, error) {
	t.mu.Lock()
	t.opening++
	t.mu.Unlock()
	s, err := t.connect(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.opening--
	if err != nil {
		return nil, err
	}
	if t.closed {
		s.Close()
		return nil, net.ErrClosed
	}
	t.sessions = append(t.sessions, s)
	return s, nil
}

func (t *Tunnel) connect(ctx context.Context) (*session, error) {
	if t.cluster.replay != nil {
		return nil, podError{replayOnly}
	}
	conn, err := t.cluster.upgradeTo(ctx, fmt.Sprintf("/api/v1/namespaces/%s/pods/%s/portforward", t.namespace, t.pod))
	if err != nil {
		return nil, err
	}
	return newSession(conn)
}

// Check asks the kubelet's side of every open connection for a sign of life and
// closes those that give none before ctx ends. It fails when none is left and
// none can be opened: what broke alone is no reason to give up what is in use.
func (t *Tunnel) Check(ctx context.Context) error {
	t.mu.Lock()
	sessions := append([]*session(nil), t.sessions...)
	t.mu.Unlock()
	var alive atomic.Bool
	var checks sync.WaitGroup
	for _, s := range sessions {
		checks.Go(func() {
			if s.check(ctx) == nil {
				alive.Store(true)
				return
			}
			s.fail(errors.New("the port-forward gives no sign of life"))
		})
	}
	checks.Wait()
	if alive.Load() {
		return nil
	}
	_, err := t.session(ctx)
	return t.cluster.wrap(ctx, err, "forwarding to pod %s/%s", t.namespace, t.pod)
}

// Close ends all connections through the tunnel.
func (t *Tunnel) Close() error {
	t.mu.Lock()
	sessions := t.sessions
	t.sessions, t.closed = nil, true
	t.mu.Unlock()
	t.client.CloseIdleConnections()
	for _, s := range sessions {
		s.Close()
	}
	return nil
}

// Client speaks HTTP to the pod: the port of each request's URL is the pod's,
// its host name only fills the Host header. It ends with the tunnel.
func (t *Tunnel) Client() *http.Client { return t.client }

func (t *Tunnel) dialAddress(ctx context.Context, _, address string) (net.Conn, error) {
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("port %q is no number", text)
	}
	return t.Dial(ctx, port)
}
