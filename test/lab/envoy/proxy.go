package envoy

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"time"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
)

// Version is the version of Envoy that the simulation reports.
const Version = "1.40.0"

// Config says which proxy is simulated and where it gets its configuration.
type Config struct {
	// Bootstrap is what Envoy is started with; its node identifies the proxy.
	Bootstrap *bootstrapv3.Bootstrap
	// Dial connects to istiod's xDS port.
	Dial func(context.Context) (net.Conn, error)
	// TLS secures that connection; nil for a plaintext port.
	TLS *tls.Config
	// Headers are sent along with each xDS stream, the token above all.
	Headers map[string]string
	// Secrets are those that a proxy gets from its agent, not from istiod.
	Secrets []*tlsv3.Secret
	// AdminAddress is the host:port of the admin port; port 0 picks a free one.
	AdminAddress string
}

// Proxy is a running simulation, or what stands around a real Envoy.
type Proxy struct {
	config  Config
	started time.Time
	admin   *admin
	end     context.CancelFunc
	busy    sync.WaitGroup
	real    *Real  // nil for a simulation
	agent   *agent // of a real Envoy

	mu      sync.Mutex
	store   *store
	faults  faults
	updates int       // responses of istiod that were dealt with
	latest  time.Time // of the last one
	changed chan struct{}
	lastErr error // why the last stream ended
}

// Start connects a proxy to istiod and opens its admin port. Use
// [Proxy.WaitComplete] to wait for its configuration.
func Start(config Config) (*Proxy, error) {
	p := newProxy(config)
	admin, err := openAdmin(p.endpoints(), config.AdminAddress)
	if err != nil {
		return nil, err
	}
	p.admin = admin
	ctx, end := context.WithCancel(context.Background())
	p.end = end
	p.busy.Go(func() { p.follow(ctx) })
	return p, nil
}

func newProxy(config Config) *Proxy {
	return &Proxy{config: config, started: time.Now(), changed: make(chan struct{}), store: newStore(config), end: func() {}}
}

// Close ends the proxy. A real Envoy itself is ended by whoever runs it.
func (p *Proxy) Close() {
	p.end()
	p.busy.Wait()
	p.admin.close()
	if p.agent != nil {
		p.agent.close()
	}
}

// Simulated tells that no real Envoy runs.
func (p *Proxy) Simulated() bool { return p.real == nil }

// Address returns the host:port of the admin port.
func (p *Proxy) Address() string { return p.admin.address }

// WaitComplete returns when a simulation has everything that it needs to serve:
// clusters and listeners, and the endpoints, routes, secrets and extensions
// that these refer to. A real Envoy tells that itself, see [Real.Ready].
func (p *Proxy) WaitComplete(ctx context.Context) error {
	return p.wait(ctx, "the proxy's configuration to be complete", func() bool { return p.store.complete() })
}

// Updates returns how many responses of istiod the proxy has dealt with.
func (p *Proxy) Updates() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.updates
}

// quiet is how long nothing must arrive for a push to be over.
const quiet = 300 * time.Millisecond

// WaitUpdate returns when istiod has sent more than the given number of
// responses (see [Proxy.Updates]) and no further one for 300 ms.
func (p *Proxy) WaitUpdate(ctx context.Context, after int) error {
	if err := p.wait(ctx, "an update from istiod", func() bool { return p.updates > after }); err != nil {
		return err
	}
	return p.WaitQuiet(ctx)
}

// WaitQuiet returns when istiod has sent nothing for 300 ms.
func (p *Proxy) WaitQuiet(ctx context.Context) error {
	for {
		p.mu.Lock()
		rest := quiet - time.Since(p.latest)
		p.mu.Unlock()
		if rest <= 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the end of a push (%s): %w", p.ID(), ctx.Err())
		case <-time.After(rest):
		}
	}
}

// wait returns when a condition on the proxy's state holds.
func (p *Proxy) wait(ctx context.Context, what string, holds func() bool) error {
	for {
		p.mu.Lock()
		ok, changed, lastErr := holds(), p.changed, p.lastErr
		var missing []string
		if p.real == nil {
			missing = p.store.missing()
		}
		p.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s (%s): %w; missing: %v; last error of the stream: %v",
				what, p.ID(), ctx.Err(), missing, lastErr)
		}
	}
}

// answered notes that a real Envoy has dealt with a response of istiod.
func (p *Proxy) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.updates++
	p.latest = time.Now()
	p.notify()
}

// notify wakes whoever waits for a change. The caller holds the lock.
func (p *Proxy) notify() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// ID returns the node id under which istiod knows the proxy.
func (p *Proxy) ID() string { return p.config.Bootstrap.GetNode().GetId() }
