package trace

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// RunBoth follows a request through the proxy of the client and, if it is delivered,
// through that of the destination. The second trace is nil if the request does not get
// that far.
func RunBoth(client, server *Proxy, r Request) (Trace, *Trace) {
	first := Run(client, r)
	if first.Verdict.Outcome != Delivered {
		return first, nil
	}
	for _, t := range first.Verdict.Targets {
		if next, ok := arriving(client, server, r, t); ok {
			second := Run(server, next)
			return first, &second
		}
	}
	return first, nil
}

// arriving is the request as the destination's proxy sees it: on the port of the
// endpoint, by mutual TLS if the client speaks that. ok is false if the destination is
// not among the endpoints of the target.
func arriving(client, server *Proxy, r Request, t Target) (next Request, ok bool) {
	port, ip := 0, netip.Addr{}
	for _, endpoint := range t.Endpoints {
		at := strings.LastIndexByte(endpoint, ':')
		if at < 0 {
			continue
		}
		if instances := string(server.Node.Metadata.Instances); instances == "" || strings.Contains(instances, endpoint[:at]) {
			port, _ = strconv.Atoi(endpoint[at+1:])
			ip, _ = netip.ParseAddr(endpoint[:at])
			break
		}
	}
	if port == 0 {
		return r, false
	}
	r.Direction, r.Port = Inbound, port
	r.IP, r.TLS, r.Mutual, r.SNI, r.ALPN = ip, false, false, "", nil
	if strings.HasPrefix(t.TLS, "mutual TLS") {
		r.TLS, r.Mutual = true, true
		// istiod's ALPN filter and clusters offer these to other sidecars.
		r.ALPN = []string{"istio-http/1.1", "istio", "http/1.1"}
		if r.isTCP() {
			r.ALPN = []string{"istio-peer-exchange", "istio"}
		}
		if r.Principal == "" {
			r.Principal = identity(client.Node, t.TLS)
		}
	}
	return r, true
}

// identity is the name in the certificate of an Istio proxy. The trust domain is the one
// that it expects of others.
func identity(n xds.Node, tls string) string {
	m := n.Metadata
	if m.Account == "" || m.Namespace == "" {
		return ""
	}
	domain := "cluster.local"
	if _, after, found := strings.Cut(tls, "spiffe://"); found {
		domain, _, _ = strings.Cut(after, "/")
	}
	return "spiffe://" + domain + "/ns/" + string(m.Namespace) + "/sa/" + string(m.Account)
}
