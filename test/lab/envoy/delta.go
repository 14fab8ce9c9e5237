package envoy

import (
	"maps"
	"slices"
	"time"

	discoveryv3 "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
)

// This is the incremental protocol, which Istio's proxies speak unless they are
// told otherwise: requests name what is wanted from now on and no longer,
// responses hold what has changed and the names of what is gone. istiod gives
// the resources no versions of their own, so a dump has none either.

// beginDelta asks for clusters and listeners and, on a stream that replaces a
// broken one, tells what the proxy has and needs.
func (p *Proxy) beginDelta() []*discoveryv3.DeltaDiscoveryRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	var requests []*discoveryv3.DeltaDiscoveryRequest
	for _, t := range types() {
		k := p.store.kinds[t]
		k.nonce, k.subscribed = "", nil
		request := p.subscription(t)
		if request == nil && !k.wildcard {
			continue
		}
		if request == nil { // naming nothing asks for everything
			request = &discoveryv3.DeltaDiscoveryRequest{TypeUrl: t}
			k.attempts++
		}
		for name, r := range k.resources {
			if r.any == nil || t == SecretType && !k.subscribed[name] {
				continue // rejected from the start, or the agent's
			}
			if request.InitialResourceVersions == nil {
				request.InitialResourceVersions = map[string]string{}
			}
			request.InitialResourceVersions[name] = r.version
		}
		if len(requests) == 0 {
			request.Node = p.config.Bootstrap.GetNode() // on the first message only
		}
		requests = append(requests, request)
	}
	return requests
}

// subscription tells istiod which resources of a type are wanted from now on and
// no longer; nil if it knows. The caller holds the lock.
func (p *Proxy) subscription(typeURL string) *discoveryv3.DeltaDiscoveryRequest {
	k := p.store.kinds[typeURL]
	wanted := map[string]bool{}
	request := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: typeURL}
	for _, name := range p.store.remote(typeURL) {
		wanted[name] = true
		if !k.subscribed[name] {
			request.ResourceNamesSubscribe = append(request.ResourceNamesSubscribe, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(k.subscribed)) {
		if !wanted[name] {
			request.ResourceNamesUnsubscribe = append(request.ResourceNamesUnsubscribe, name)
		}
	}
	k.subscribed = wanted
	if len(request.ResourceNamesSubscribe)+len(request.ResourceNamesUnsubscribe) == 0 {
		return nil
	}
	k.attempts++
	return request
}

// takeDelta deals with a response and returns what to answer.
func (p *Proxy) takeDelta(response *discoveryv3.DeltaDiscoveryResponse) []*discoveryv3.DeltaDiscoveryRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := response.GetTypeUrl()
	k, known := p.store.kinds[t]
	if !known || p.faults.ignored[t] {
		return nil
	}
	defer p.notify()
	p.arrived(k, response.GetNonce())
	answer := &discoveryv3.DeltaDiscoveryRequest{TypeUrl: t, ResponseNonce: response.GetNonce()}
	if problem := p.acceptDelta(k, response); problem != nil {
		k.rejected++
		answer.ErrorDetail = refusal(problem.Error())
	} else {
		k.success++
		k.version = response.GetSystemVersionInfo()
	}
	k.attempts++
	answers := []*discoveryv3.DeltaDiscoveryRequest{answer}
	p.store.refer()
	p.store.fromAgent()
	// An acknowledgement may not change what is wanted; that is a request of its own.
	for _, changed := range types() {
		if request := p.subscription(changed); request != nil {
			answers = append(answers, request)
		}
	}
	return answers
}

// acceptDelta takes over what has changed and drops what is gone, and returns
// why something was rejected. The caller holds the lock.
func (p *Proxy) acceptDelta(k *kind, response *discoveryv3.DeltaDiscoveryResponse) (problem error) {
	now := time.Now()
	for _, r := range response.GetResources() {
		if _, err := p.acceptOne(k, response.GetTypeUrl(), r.GetVersion(), r.GetResource(), now); err != nil {
			problem = err
		}
	}
	// Envoy does not take it that a route or a secret that it needs is gone.
	if k.wildcard || response.GetTypeUrl() == ExtensionType {
		k.drop(response.GetRemovedResources())
	}
	return problem
}
