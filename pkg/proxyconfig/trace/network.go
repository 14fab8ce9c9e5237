package trace

import (
	"fmt"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// chooseChain finds the filter chain of the connection and goes on with its filters.
func (w *walk) chooseChain(l *xds.Listener) {
	chain, passed := findChain(l, w.request)
	why := "it is what is left when the chains are pruned by port, address, server name, protocols and source"
	if l.Matcher != nil {
		var ok bool
		if chain, why, ok = w.chainOfTree(l); !ok {
			return
		}
		passed = nil
	}
	if chain == nil {
		chain, why = l.DefaultChain, "no other chain matches, so the default one takes the connection"
	}
	if chain == nil {
		w.step(Step{Stage: "filter-chain", Taken: "none", PassedOver: passed})
		w.end(Verdict{Outcome: Refused, Text: "no filter chain of listener " + l.Name + " matches: the connection is closed",
			Hint: w.chainHint(l)})
		return
	}
	name := chain.Name
	if name == "" {
		name = "(unnamed)"
	}
	step := Step{Stage: "filter-chain", Taken: name, Why: why, Object: objectOf(chain.Metadata), PassedOver: passed}
	if socket := chain.Socket(); socket.IsTLS() {
		step.Details = append(step.Details, "takes TLS"+map[bool]string{true: ", asks the client for its certificate"}[socket.Typed.RequireClient])
		if socket.Typed.RequireClient && !w.request.Mutual {
			w.step(step)
			w.end(Verdict{Outcome: Refused, Text: "the filter chain asks for a client certificate, and the client has none",
				Hint: "the client needs a sidecar, or the PeerAuthentication must be PERMISSIVE"})
			return
		}
	}
	w.step(step)
	w.filterConnection(l, chain)
}

// chainHint says why a sidecar closes a connection: most often it wants mutual TLS.
func (w *walk) chainHint(l *xds.Listener) string {
	if w.request.TLS {
		return "check the server name (SNI) and the protocols (ALPN) that the client offers"
	}
	for _, c := range l.Chains {
		if c.Match.Transport == "tls" && (c.Match.Port == nil || int(*c.Match.Port) == w.request.Port) {
			return "the port takes TLS only: with a PeerAuthentication STRICT the client must be in the mesh"
		}
	}
	return "check the port and the address that the client connects to"
}

// filterConnection walks over the network filters until one ends the connection.
func (w *walk) filterConnection(l *xds.Listener, chain *xds.FilterChain) {
	for _, f := range chain.Filters {
		switch {
		case f.IsHTTP():
			var m xds.Manager
			if err := xds.Decode(f.Config(), &m); err != nil {
				w.end(Verdict{Outcome: Unknown, Text: fmt.Sprintf("the connection manager of %s cannot be read: %v", l.Name, err)})
				return
			}
			if w.request.isTCP() {
				w.end(Verdict{Outcome: Refused, Text: "the filter chain speaks HTTP; bytes that are none get the answer 400", Status: 400,
					Hint: "name the port of the Service tcp-..., or set its appProtocol"})
				return
			}
			w.http(&m)
			return
		case f.IsTCP():
			w.forward(f)
			return
		case strings.Contains(f.Name, "rbac"):
			if stop := w.rbac(f.Name, f.Config(), true); stop {
				return
			}
		}
	}
	w.end(Verdict{Outcome: Unknown, Text: "no filter of the chain sends the connection on"})
}

// forward ends a connection in a TCP proxy.
func (w *walk) forward(f xds.Filter) {
	var t xds.TCPProxy
	if err := xds.Decode(f.Config(), &t); err != nil {
		w.end(Verdict{Outcome: Unknown, Text: fmt.Sprintf("the TCP proxy cannot be read: %v", err)})
		return
	}
	what := t.Cluster
	shares := []share{{name: t.Cluster, part: 1}}
	if t.Weighted != nil {
		shares, what = w.weighted(t.Weighted), "weighted clusters"
	}
	w.step(Step{Stage: "filter", Taken: f.Name, Why: "the connection is passed on as bytes; HTTP rules do not apply", Details: []string{"cluster " + what}})
	if w.request.Scheme != "tcp" && w.request.Scheme != "tls" && !w.request.TLS {
		w.depend("the proxy treats this as TCP: path, method and headers have no effect")
	}
	w.deliver(shares, 0)
}
