package envoy

import (
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
)

// This is the protocol that sends the state of the world: each response holds
// all resources of a type that the proxy has asked for.

// begin asks for clusters and listeners and, on a stream that replaces a broken
// one, for what the proxy knows to need.
func (p *Proxy) begin() []*discoveryv3.DiscoveryRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	var requests []*discoveryv3.DiscoveryRequest
	for _, t := range types() {
		k := p.store.kinds[t]
		k.nonce = ""
		if !k.wildcard && len(p.store.remote(t)) == 0 {
			continue
		}
		request := p.request(t)
		if len(requests) == 0 {
			request.Node = p.config.Bootstrap.GetNode() // on the first message only
		}
		requests = append(requests, request)
	}
	return requests
}

// request makes the request for a type in its present state, which is also
// its acknowledgement. The caller holds the lock.
func (p *Proxy) request(typeURL string) *discoveryv3.DiscoveryRequest {
	k := p.store.kinds[typeURL]
	k.attempts++
	return &discoveryv3.DiscoveryRequest{
		TypeUrl: typeURL, VersionInfo: k.version, ResponseNonce: k.nonce, ResourceNames: p.store.remote(typeURL),
	}
}

// take deals with a response and returns what to answer.
func (p *Proxy) take(response *discoveryv3.DiscoveryResponse) []*discoveryv3.DiscoveryRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := response.GetTypeUrl()
	k, known := p.store.kinds[t]
	if !known || p.faults.ignored[t] {
		return nil
	}
	defer p.notify()
	p.arrived(k, response.GetNonce())
	problem := p.accept(k, response)
	var answers []*discoveryv3.DiscoveryRequest
	if problem != nil {
		k.rejected++
		answer := p.request(t)
		answer.ErrorDetail = refusal(problem.Error())
		answers = append(answers, answer)
	} else {
		k.success++
		k.version = response.GetVersionInfo()
		answers = append(answers, p.request(t))
	}
	changes := p.store.refer()
	p.store.fromAgent()
	for _, changed := range changes {
		if changed != t && (len(p.store.remote(changed)) > 0 || p.store.kinds[changed].nonce != "") {
			answers = append(answers, p.request(changed))
		}
	}
	return answers
}

// accept takes over the resources of a response and returns why some were
// rejected. The caller holds the lock.
func (p *Proxy) accept(k *kind, response *discoveryv3.DiscoveryResponse) (problem error) {
	present := map[string]bool{}
	now := time.Now()
	for _, packed := range response.GetResources() {
		name, err := p.acceptOne(k, response.GetTypeUrl(), response.GetVersionInfo(), packed, now)
		present[name] = true
		if err != nil {
			problem = err
		}
	}
	if k.wildcard && problem == nil {
		k.keep(present)
	}
	return problem
}
