package validation

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/resource"
)

func (c *checker) egressListeners(at *place, listeners []*networking.IstioEgressListener) {
	ports, sockets := map[uint32]bool{}, map[string]bool{}
	for i, l := range listeners {
		at := item(at, "egress", i)
		switch {
		case l.Port != nil:
			c.egressPort(at, l)
			if number := l.Port.Number; number != 0 {
				if ports[number] {
					c.failf(at.Child("port").Child("number"), "another listener has the same port")
				}
				ports[number] = true
				break
			}
			if sockets[l.Bind] {
				c.failf(at.Child("bind"), "another listener has the same Unix domain socket")
			}
			sockets[l.Bind] = true
		case i != len(listeners)-1:
			c.failf(at, "a listener without a port is for all the rest and must be the last one")
		}
		if len(l.Hosts) == 0 {
			c.failf(at, "an egress listener needs at least one host")
			continue
		}
		c.egressHosts(at.Child("hosts"), l.Hosts)
	}
}

func (c *checker) egressPort(at *place, l *networking.IstioEgressListener) {
	c.sidecarPort(at.Child("port"), l.Port)
	if l.Port.Number != 0 {
		c.must(at.Child("port").Child("number"), portNumber(l.Port.Number))
		if l.Bind != "" {
			c.must(at.Child("bind"), ipAddress(l.Bind))
		}
		return
	}
	if socket, isSocket := strings.CutPrefix(l.Bind, unixPrefix); isSocket {
		c.must(at.Child("bind"), unixSocket(socket))
	} else {
		c.failf(at.Child("port").Child("number"), "a listener with port 0 must be bound to a Unix domain socket: bind: unix://PATH")
	}
	if l.CaptureMode != networking.CaptureMode_DEFAULT && l.CaptureMode != networking.CaptureMode_NONE {
		c.failf(at.Child("captureMode"), "a listener on a Unix domain socket needs captureMode DEFAULT or NONE")
	}
}

// egressHosts checks hosts one by one and against each other.
func (c *checker) egressHosts(at *place, hosts []string) {
	seen := map[string]map[string]bool{} // namespace → host
	for i, host := range hosts {
		at := at.Child(resource.Index(i))
		if namespace, name, scoped := strings.Cut(host, "/"); scoped && !strings.HasPrefix(namespace, "~") {
			if namespace == "." {
				namespace = c.object.Namespace
			}
			known := seen[namespace]
			if known == nil {
				known = map[string]bool{}
				seen[namespace] = known
			}
			if known[name] || known["*"] || name == "*" && len(known) > 0 {
				c.warnf(at, "%s repeats hosts that are listed already", host)
			}
			known[name] = true
		}
		c.sidecarHost(at, host)
	}
	if seen["*"]["*"] && len(seen) > 1 {
		c.warnf(at, "*/* stands for all hosts; the others have no effect")
	}
}
