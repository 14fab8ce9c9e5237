package trace

import (
	"fmt"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// reached is what a cluster offers to a request.
type reached struct {
	usable  []host
	tls     string
	problem string
}

// host is an endpoint with how it is spoken to.
type host struct {
	address, locality, status string
	socket                    *xds.Socket
}

// endpoints lists the hosts of a cluster that get requests: those of the first priority
// that has a healthy one; unknown health counts as healthy, as long as no health check
// says otherwise.
func (w *walk) endpoints(c *xds.Upstream) reached {
	switch c.Discovery() {
	case "ORIGINAL_DST":
		to := "the address that the client connects to"
		if w.request.IP.IsValid() {
			to = fmt.Sprintf("%s:%d", w.request.IP, w.request.Port)
		}
		h := host{address: to, socket: c.Socket}
		w.step(Step{Stage: "endpoint", Taken: to, Why: "the cluster passes on to where the client wanted to go"})
		return reached{usable: []host{h}, tls: describeTLS(h.socket)}
	case "STATIC":
		if c.Name == "BlackHoleCluster" {
			return reached{tls: "none", problem: "the cluster has no endpoints on purpose: what goes there is refused"}
		}
	}
	assignment, err := w.proxy.assignment(c)
	if err != nil {
		return reached{problem: err.Error()}
	}
	if assignment == nil {
		if !w.proxy.hasEndpoints {
			w.depend("the dump was taken without include_eds: whether " + c.Name + " has a healthy endpoint is not known")
			h := host{socket: c.Socket}
			if len(c.Sockets) > 0 {
				h.socket = &c.Sockets[0].Socket
			}
			return reached{tls: describeTLS(h.socket)}
		}
		return reached{problem: "the cluster has no endpoints"}
	}
	byPriority := map[xds.Uint][]host{}
	var passed []Passed
	highest := xds.Uint(0)
	for _, group := range assignment.Locality {
		highest = max(highest, group.Priority)
		for _, e := range group.Endpoints {
			h := host{e.Endpoint.Address.String(), group.Locality.String(), e.Status(), socketFor(c, e)}
			if h.status == "UNHEALTHY" || h.status == "DRAINING" || h.status == "TIMEOUT" {
				passed = append(passed, Passed{h.address, "its health is " + h.status})
				continue
			}
			byPriority[group.Priority] = append(byPriority[group.Priority], h)
		}
	}
	for p := xds.Uint(0); p <= highest; p++ {
		if len(byPriority[p]) == 0 {
			continue
		}
		for later := p + 1; later <= highest; later++ {
			for _, h := range byPriority[later] {
				passed = append(passed, Passed{h.address, fmt.Sprintf("its priority is %d: it is kept in reserve", later)})
			}
		}
		return w.choose(byPriority[p], passed)
	}
	problem := "the cluster has no endpoints"
	if len(passed) > 0 {
		problem = "no endpoint of the cluster is healthy"
	}
	w.step(Step{Stage: "endpoint", Taken: "none", Why: problem, PassedOver: passed})
	return reached{tls: "none", problem: problem}
}

// choose tells of the hosts among which the load balancer picks.
func (w *walk) choose(hosts []host, passed []Passed) reached {
	var names []string
	for _, h := range hosts {
		text := h.address
		if h.locality != "" {
			text += " in " + h.locality
		}
		names = append(names, text)
	}
	tls := describeTLS(hosts[0].socket)
	step := Step{Stage: "endpoint", Taken: strings.Join(names, ", "), Details: []string{"connection: " + map[bool]string{true: "plain text", false: tls}[tls == "none"]}, PassedOver: passed}
	if len(hosts) > 1 {
		step.Why = "the load balancer picks one of them"
	}
	for _, h := range hosts[1:] {
		if other := describeTLS(h.socket); other != tls {
			step.Details = append(step.Details, fmt.Sprintf("connection to %s: %s", h.address, other))
		}
	}
	w.step(step)
	return reached{usable: hosts, tls: tls}
}

// socketFor chooses how an endpoint is spoken to: the first of transport_socket_matches
// whose labels the endpoint has in its metadata envoy.transport_socket_match, else the
// cluster's own.
func socketFor(c *xds.Upstream, e xds.Endpoint) *xds.Socket {
	for i := range c.Sockets {
		fits := true
		for key, value := range c.Sockets[i].Match {
			fits = fits && e.Metadata.Filter.Socket[key] == value
		}
		if fits {
			return &c.Sockets[i].Socket
		}
	}
	return c.Socket
}

// describeTLS says how a connection is protected and whom it expects.
func describeTLS(s *xds.Socket) string {
	if !s.IsTLS() {
		return "none"
	}
	text := "TLS"
	if s.IsMutual() {
		text = "mutual TLS"
	}
	if s.Typed.SNI != "" {
		text += ", SNI " + s.Typed.SNI
	}
	var names []string
	for _, m := range s.Typed.Common.Combined.Default.Names {
		for _, want := range []*string{m.Exact, m.Prefix, m.Suffix} {
			if want != nil {
				names = append(names, *want)
			}
		}
	}
	if len(names) > 0 {
		text += ", expects " + strings.Join(names, " or ")
	}
	return text
}
