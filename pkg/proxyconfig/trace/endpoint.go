package trace

import (
	"fmt"
	"slices"
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

// endpoints lists the hosts of a cluster that get requests.
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
		return reached{tls: "none", problem: noEndpoints}
	}
	ls := levels(c, assignment)
	if len(ls) == 0 {
		w.step(Step{Stage: "endpoint", Taken: "none", Why: noEndpoints})
		return reached{tls: "none", problem: noEndpoints}
	}
	factor, threshold := 140.0, 50.0 // Envoy's defaults
	if f := assignment.Policy.Overprovisioning; f != nil {
		factor = float64(*f)
	}
	if p := c.Lb.Panic; p != nil {
		threshold = 0
		if p.Value != nil {
			threshold = min(*p.Value, 100)
		}
	}
	loads := spread(ls, factor, threshold)
	if fails := c.Lb.ZoneAware.FailOnPanic; fails && slices.ContainsFunc(loads, func(l load) bool { return l.panics }) {
		loads = slices.DeleteFunc(loads, func(l load) bool { return l.panics })
	}
	passed := passedHosts(ls, loads)
	if len(loads) == 0 {
		w.step(Step{Stage: "endpoint", Taken: "none", Why: noneHealthy, PassedOver: passed})
		return reached{tls: "none", problem: noneHealthy}
	}
	return w.choose(loads, threshold, passed)
}

// Why a cluster has nobody to send to.
const (
	noEndpoints = "the cluster has no endpoints"
	noneHealthy = "no endpoint of the cluster is healthy"
)

// passedHosts lists the hosts that get no requests.
func passedHosts(ls []level, loads []load) []Passed {
	var out []Passed
	for _, l := range ls {
		for _, h := range l.all() {
			if slices.ContainsFunc(loads, func(one load) bool { return one.level.priority == l.priority && slices.Contains(one.hosts, h) }) {
				continue
			}
			why := fmt.Sprintf("its priority is %d: it is kept in reserve", l.priority)
			if slices.Contains(l.sick, h) || slices.Contains(l.degraded, h) {
				why = "its health is " + h.status
			}
			out = append(out, Passed{h.address, why})
		}
	}
	return out
}

// choose tells of the hosts among which the load balancer picks.
func (w *walk) choose(loads []load, threshold float64, passed []Passed) reached {
	var hosts []host
	var groups, details []string
	for _, l := range loads {
		var names []string
		for _, h := range l.hosts {
			text := h.address
			if h.locality != "" {
				text += " in " + h.locality
			}
			if slices.Contains(l.level.sick, h) || slices.Contains(l.level.degraded, h) {
				text += " (" + h.status + ")"
			}
			names = append(names, text)
		}
		hosts = append(hosts, l.hosts...)
		groups = append(groups, strings.Join(names, ", "))
		if len(loads) > 1 {
			details = append(details, fmt.Sprintf("priority %d gets %.0f %% of the requests: %s", l.level.priority, l.share*100, strings.Join(names, ", ")))
		}
		if l.panics {
			details = append(details, fmt.Sprintf("so few endpoints of priority %d are healthy that all are taken (healthy_panic_threshold %g %%)", l.level.priority, threshold))
			w.depend("the endpoint answers though not all of those that are chosen from are healthy")
		}
	}
	tls := describeTLS(hosts[0].socket)
	details = append(details, "connection: "+map[bool]string{true: "plain text", false: tls}[tls == "none"])
	step := Step{Stage: "endpoint", Taken: strings.Join(groups, ", "), Details: details, PassedOver: passed}
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
	names := s.Expects()
	switch {
	case len(names) > 0:
		text += ", expects " + strings.Join(names, " or ")
	case !s.Verifies():
		text += ", takes any certificate"
	}
	return text
}
