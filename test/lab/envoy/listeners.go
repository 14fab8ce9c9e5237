package envoy

import (
	"fmt"
	"net/http"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
)

// serveListeners serves /listeners, as text or as JSON.
func (p *Proxy) serveListeners(w http.ResponseWriter, r *http.Request) {
	all := &adminv3.Listeners{}
	for _, l := range p.listeners() {
		all.ListenerStatuses = append(all.ListenerStatuses, &adminv3.ListenerStatus{Name: l.GetName(), LocalAddress: l.GetAddress()})
	}
	if r.URL.Query().Get("format") == "json" {
		writeProto(w, all)
		return
	}
	for _, l := range all.GetListenerStatuses() {
		fmt.Fprintf(w, "%s::%s\n", l.GetName(), printAddress(l.GetLocalAddress()))
	}
}

// listeners returns the listeners that are open, the static ones first.
func (p *Proxy) listeners() []*listenerv3.Listener {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := append([]*listenerv3.Listener(nil), p.config.Bootstrap.GetStaticResources().GetListeners()...)
	k := p.store.kinds[ListenerType]
	for _, name := range k.order {
		if l, ok := k.resources[name].message.(*listenerv3.Listener); ok {
			all = append(all, l)
		}
	}
	return all
}
