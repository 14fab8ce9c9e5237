package envoy

import "time"

// faults are the ways in which a test has the proxy misbehave.
type faults struct {
	rejected map[string]rejection // by type URL
	ignored  map[string]bool      // by type URL
}

// rejection is what a proxy does not accept, and the reason that it gives.
type rejection struct {
	resource string // "" for all resources of the type
	reason   string
}

// refuses tells whether a resource is rejected, and why.
func (f faults) refuses(typeURL, name string) (reason string, refused bool) {
	r, picky := f.rejected[typeURL]
	return r.reason, picky && (r.resource == "" || r.resource == name)
}

// Reject has the proxy refuse, with a reason, each response of a type that
// holds the named resource ("" for any). The refused resource keeps its former
// state, the others are taken over. proxy-status then shows ERROR. A response for
// a real Envoy is refused as a whole and on its way to it, so that its dump shows
// no error.
func (p *Proxy) Reject(typeURL, resource, reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.faults.rejected == nil {
		p.faults.rejected = map[string]rejection{}
	}
	p.faults.rejected[typeURL] = rejection{resource: resource, reason: reason}
}

// Ignore has the proxy leave responses of a type without an answer.
// proxy-status then shows STALE.
func (p *Proxy) Ignore(typeURL string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.faults.ignored == nil {
		p.faults.ignored = map[string]bool{}
	}
	p.faults.ignored[typeURL] = true
}

// Behave ends Reject and Ignore from the next response on.
func (p *Proxy) Behave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = faults{}
}

// CloseAdmin has the admin port refuse connections; open ones are cut.
func (p *Proxy) CloseAdmin() { p.admin.close() }

// OpenAdmin ends CloseAdmin, at the same address.
func (p *Proxy) OpenAdmin() error { return p.admin.open() }

// SlowAdmin has each answer of the admin port come later; 0 ends that.
func (p *Proxy) SlowAdmin(delay time.Duration) { p.admin.delay.Store(int64(delay)) }
