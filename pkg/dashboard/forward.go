package dashboard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Tunnel is a way to the ports of one pod.
type Tunnel interface {
	// Dial connects to a port of the pod.
	Dial(ctx context.Context, port int) (net.Conn, error)
	// Check asks the other end for a sign of life.
	Check(ctx context.Context) error
	Close() error
}

// Target is what a Forward leads to.
type Target struct {
	Name string // for messages: "grafana"
	// Pods finds the pods that will do, the best first, anew at each call.
	Pods func(ctx context.Context) ([]*corev1.Pod, error)
	// Port is the container port of a pod to connect to.
	Port func(pod *corev1.Pod) (int, error)
	// Open makes a tunnel to a pod.
	Open func(namespace, pod string) Tunnel
}

// Options say where a Forward listens and how it behaves.
type Options struct {
	Address string // local address, "localhost" if empty
	Port    int    // local port; 0 prefers Prefer, and takes any if that is in use
	Prefer  int
	// Say tells the user of a change, one line without line feed at a time.
	Say func(line string)
	// Every is the pause between two checks, 3 seconds if zero.
	Every time.Duration
}

// Forward is a local port that stays connected to a target: when the pod is
// replaced or the connection breaks, it connects to a pod that is ready.
type Forward struct {
	target   Target
	options  Options
	listener net.Listener

	mu      sync.Mutex
	link    *link         // nil while there is none
	changed chan struct{} // closed and replaced when link changes
	suspect chan *link    // links with which a connection failed
}

// link is the connection to one pod.
type link struct {
	pod    *corev1.Pod
	port   int
	tunnel Tunnel
}

// Start listens on the local port and connects to the target, so that it
// fails at once if there is no way to it. Run does the rest.
func Start(ctx context.Context, t Target, o Options) (*Forward, error) {
	if o.Every == 0 {
		o.Every = 3 * time.Second
	}
	f := &Forward{target: t, options: o, changed: make(chan struct{}), suspect: make(chan *link, 1)}
	l, err := f.connect(ctx)
	if err != nil {
		return nil, err
	}
	f.link = l
	if f.listener, err = listen(o); err != nil {
		l.tunnel.Close()
		return nil, err
	}
	return f, nil
}

func listen(o Options) (net.Listener, error) {
	address := o.Address
	if address == "" {
		address = "localhost"
	}
	at := func(port int) (net.Listener, error) {
		return net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	}
	if o.Port != 0 {
		l, err := at(o.Port)
		if err != nil {
			return nil, fmt.Errorf("listening on local port %d: %w; choose another one with --port", o.Port, plain(err))
		}
		return l, nil
	}
	if l, err := at(o.Prefer); err == nil {
		return l, nil
	}
	l, err := at(0)
	if err != nil {
		return nil, fmt.Errorf("listening on address %s: %w", address, plain(err))
	}
	return l, nil
}

// plain drops the operation that package net writes in front of a reason.
func plain(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// LocalPort is the port on which the Forward listens.
func (f *Forward) LocalPort() int { return f.listener.Addr().(*net.TCPAddr).Port }

// Pod is the pod to which the Forward leads just now, and its port. During a
// change it is the zero value.
func (f *Forward) Pod() (namespace, name string, port int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.link == nil {
		return "", "", 0
	}
	return f.link.pod.Namespace, f.link.pod.Name, f.link.port
}

// Run serves the local port until ctx ends, and closes everything before it returns.
func (f *Forward) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { f.listener.Close() })
	defer stop()
	var serving sync.WaitGroup
	serving.Go(func() { f.watch(ctx) })
	var failure error
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			if ctx.Err() == nil {
				failure = fmt.Errorf("accepting connections for %s: %w", f.target.Name, err)
			}
			break
		}
		serving.Go(func() { f.serve(ctx, conn) })
	}
	cancel()
	serving.Wait()
	f.Close()
	return failure
}

// Close ends a Forward that is not run (any more).
func (f *Forward) Close() {
	f.listener.Close()
	if l := f.current(); l != nil {
		l.tunnel.Close()
	}
}

// patience is how long a local connection waits for a pod to lead to.
const patience = 30 * time.Second

// serve leads one local connection to the pod.
func (f *Forward) serve(ctx context.Context, local net.Conn) {
	defer local.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	remote, err := f.dial(ctx)
	if err != nil {
		return
	}
	defer remote.Close()
	// Whatever ends first, both ends are closed, so no copy is left behind.
	context.AfterFunc(ctx, func() {
		local.Close()
		remote.Close()
	})
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.Copy(remote, local) // how a connection ends is between browser and dashboard
		if c, ok := remote.(interface{ CloseWrite() error }); ok {
			_ = c.CloseWrite() // the answer may still come
		}
	}()
	_, _ = io.Copy(local, remote)
	local.Close()
	remote.Close()
	<-sent
}

// dial connects to the pod, waiting for one if there is none just now.
func (f *Forward) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		l, err := f.wait(ctx)
		if err != nil {
			return nil, err
		}
		conn, err := l.tunnel.Dial(ctx, l.port)
		if err == nil {
			return conn, nil
		}
		if err := f.doubt(ctx, l); err != nil {
			return nil, err
		}
	}
}

// wait is the link, once there is one.
func (f *Forward) wait(ctx context.Context) (*link, error) {
	for {
		f.mu.Lock()
		l, changed := f.link, f.changed
		f.mu.Unlock()
		if l != nil {
			return l, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// doubt reports a link that failed and waits for the watcher's judgement.
func (f *Forward) doubt(ctx context.Context, l *link) error {
	f.mu.Lock()
	stale, changed := f.link != l, f.changed
	f.mu.Unlock()
	if stale {
		return nil
	}
	select {
	case f.suspect <- l:
	default: // the watcher has been told already
	}
	select {
	case <-changed:
	case <-time.After(retryDial):
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// retryDial is the pause before a connection is tried again over a link that
// failed but may have been found good.
const retryDial = 500 * time.Millisecond

func (f *Forward) current() *link {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.link
}

func (f *Forward) set(l *link) {
	f.mu.Lock()
	f.link = l
	close(f.changed)
	f.changed = make(chan struct{})
	f.mu.Unlock()
}
