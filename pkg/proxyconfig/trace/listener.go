package trace

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// Names and ports of the listeners that istiod gives to every sidecar.
const (
	virtualOutbound = "virtualOutbound"
	virtualInbound  = "virtualInbound"
)

// listen finds the listener. A connection that was redirected to virtualOutbound goes
// to "the listener associated with the original destination address. If there is no
// listener associated with the original destination address, the connection is
// handled by the listener that receives it" (use_original_dst of
// config.listener.v3.Listener). A listener on the exact address comes before one on
// 0.0.0.0 with the same port.
func (w *walk) listen() {
	r := &w.request
	if !r.IP.IsValid() && r.Direction == Outbound {
		r.IP = w.proxy.addressOf(r.hostname(), r.Port)
	}
	l, why := w.findListener()
	if l == nil {
		w.end(Verdict{Outcome: Fails, Text: why, Hint: w.listenerHint()})
		return
	}
	w.step(Step{Stage: "listener", Taken: l.Name, Why: why, Object: objectOf(l.Metadata)})
	w.chooseChain(l)
}

func (w *walk) findListener() (l *xds.Listener, why string) {
	r, p := w.request, w.proxy
	if r.Direction == Inbound {
		if l := p.listenerNamed(virtualInbound); l != nil {
			return l, "a sidecar takes everything that comes in on one listener"
		}
	}
	if r.IP.IsValid() {
		if l := p.listenerAt(r.IP.String(), r.Port); l != nil {
			return l, fmt.Sprintf("it is on the address %s and port %d that the client connects to", r.IP, r.Port)
		}
	}
	for _, any := range []string{"0.0.0.0", "::"} {
		if l := p.listenerAt(any, r.Port); l != nil {
			return l, fmt.Sprintf("it is on port %d of all addresses", r.Port)
		}
	}
	if !r.IP.IsValid() && r.Direction != Outbound {
		// A gateway's address is not known: any listener of that port will do.
		for i, l := range p.listeners {
			if l.Address.Port() == r.Port {
				return &p.listeners[i], fmt.Sprintf("it is on port %d", r.Port)
			}
		}
	}
	if r.Direction == Outbound {
		if l := p.catchAll(); l != nil {
			return l, fmt.Sprintf("no listener is on port %d of this address, so the one that receives all connections keeps it", r.Port)
		}
	}
	return nil, fmt.Sprintf("the proxy does not listen on port %d", r.Port)
}

func (w *walk) listenerHint() string {
	var ports []string
	for _, l := range w.proxy.listeners {
		ports = append(ports, fmt.Sprint(l.Address.Port()))
	}
	hint := "the proxy listens on " + strings.Join(ports, ", ")
	if w.request.Direction == Gateway {
		hint += "; a gateway's Service may map its ports: give the port of the pod, such as 8080 for 80, with --port"
	}
	return hint
}

func (p *Proxy) listenerNamed(name string) *xds.Listener {
	for i := range p.listeners {
		if p.listeners[i].Name == name {
			return &p.listeners[i]
		}
	}
	return nil
}

// catchAll is the listener to which all connections of an application are redirected: by
// its name in Istio, by use_original_dst in other meshes.
func (p *Proxy) catchAll() *xds.Listener {
	if l := p.listenerNamed(virtualOutbound); l != nil {
		return l
	}
	for i := range p.listeners {
		if l := &p.listeners[i]; l.OriginalDst && l.Direction != "INBOUND" && l.Direction != "1" {
			return l
		}
	}
	return nil
}

func (p *Proxy) listenerAt(address string, port int) *xds.Listener {
	for i, l := range p.listeners {
		for _, a := range l.AllAddresses() {
			if a.Host() == address && a.Port() == port {
				return &p.listeners[i]
			}
		}
	}
	return nil
}

// addressOf finds the address of a service. istiod lists it among the domains of the
// service's virtual host; for TCP services it is that of the listener which sends to
// the service's cluster.
func (p *Proxy) addressOf(host string, port int) netip.Addr {
	for _, rc := range p.routes {
		for _, vh := range rc.VirtualHosts {
			found := false
			for _, d := range vh.Domains {
				found = found || strings.EqualFold(d, host) || strings.EqualFold(d, fmt.Sprintf("%s:%d", host, port))
			}
			if !found {
				continue
			}
			for _, d := range vh.Domains {
				if ip, err := netip.ParseAddr(strings.Trim(d, "[]")); err == nil {
					return ip
				}
			}
		}
	}
	for _, l := range p.listeners {
		ip, err := netip.ParseAddr(l.Address.Host())
		if err != nil || ip.IsUnspecified() || l.Address.Port() != port {
			continue
		}
		for _, chain := range l.AllChains() {
			for _, f := range chain.Filters {
				var t xds.TCPProxy
				if !f.IsTCP() || xds.Decode(f.Config(), &t) != nil {
					continue
				}
				if key, ok := xds.ParseSubsetKey(t.Cluster); ok && p.isHost(host, key.Host) {
					return ip
				}
			}
		}
	}
	return netip.Addr{}
}

// isHost tells whether a short name of a service means a full one.
func (p *Proxy) isHost(short, full string) bool {
	return strings.EqualFold(short, full) ||
		strings.HasPrefix(full, short+".") && strings.Contains(full, ".svc.") &&
			(strings.Contains(short, ".") || strings.HasPrefix(full, short+"."+string(p.Node.Metadata.Namespace)+"."))
}

func objectOf(m xds.Metadata) string {
	if o, ok := xds.ObjectOfPath(string(m.Filter.Istio.Config)); ok {
		return o.String()
	}
	return ""
}
