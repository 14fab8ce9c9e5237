package validation

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

func (c *checker) workloadEntry(at *place, we *networking.WorkloadEntry) {
	c.endpoint(at, we, freeEndpoint{})
}

// endpointRules are what a WorkloadEntry's place asks of it.
type endpointRules interface {
	ports() map[string]bool // nil if not known
	namesAllowed() bool     // host names as well as IP addresses
}

// freeEndpoint is a WorkloadEntry on its own.
type freeEndpoint struct{}

func (freeEndpoint) ports() map[string]bool { return nil }
func (freeEndpoint) namesAllowed() bool     { return true }

// staticEndpoint is part of a ServiceEntry with resolution STATIC.
type staticEndpoint struct{ names map[string]bool }

func (e staticEndpoint) ports() map[string]bool { return e.names }
func (staticEndpoint) namesAllowed() bool       { return false }

func (c *checker) endpoint(at *place, e *networking.WorkloadEntry, rules endpointRules) {
	if e.Address == "" {
		if e.Network == "" {
			c.failf(at, "an address is missing")
			return
		}
		c.warnf(at, "without an address, the gateway of network %q has to know the workload", e.Network)
	}
	socket, isSocket := strings.CutPrefix(e.Address, unixPrefix)
	switch {
	case isSocket:
		c.must(at.Child("address"), unixSocket(socket))
		if len(e.Ports) > 0 {
			c.failf(at.Child("ports"), "the Unix domain socket %s cannot have ports", e.Address)
		}
	case e.Address == "", isIP(e.Address):
	case !rules.namesAllowed():
		c.failf(at.Child("address"), "%q is not an IP address, which resolution STATIC needs", e.Address)
	case fqdn(e.Address) != nil:
		c.failf(at.Child("address"), "%q is neither a host name nor an IP address", e.Address)
	}
	c.endpointPorts(at.Child("ports"), e.Ports, rules.ports())
	c.labels(at.Child("labels"), e.Labels)
	if isSocket && rules.ports() != nil && len(rules.ports()) != 1 {
		c.failf(at.Child("address"), "a Unix domain socket needs a ServiceEntry with exactly one port")
	}
}

// endpointPorts checks ports by name. known are the names that the
// ServiceEntry defines, nil if there is none.
func (c *checker) endpointPorts(at *place, ports map[string]uint32, known map[string]bool) {
	for _, name := range sortedKeys(ports) {
		at := at.Child(name)
		if known != nil && !known[name] {
			c.failf(at, "the ServiceEntry has no port of that name (%d)", ports[name])
		}
		c.must(at, portName(name))
		c.must(at, portNumber(ports[name]))
	}
}
