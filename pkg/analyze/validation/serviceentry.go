package validation

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/istio"
)

func (c *checker) serviceEntry(at *place, se *networking.ServiceEntry) {
	if !c.networkingSelector(at.Child("workloadSelector"), se.WorkloadSelector) {
		return
	}
	if se.WorkloadSelector != nil && len(se.Endpoints) > 0 {
		c.failf(at, "only one of workloadSelector and endpoints can be set")
	}
	c.entryHosts(at, se)
	c.entryAddresses(at, se)
	ports := c.entryPorts(at, se)
	c.resolution(at, se, ports)
	c.distinguishableHosts(at, se)
	c.exportTo(at.Child("exportTo"), se.ExportTo, true)
}

func (c *checker) entryHosts(at *place, se *networking.ServiceEntry) {
	if len(se.Hosts) == 0 {
		c.failf(at, "a ServiceEntry needs at least one host")
	}
	for i, host := range se.Hosts {
		at := item(at, "hosts", i)
		if host == "*" {
			c.failf(at, "the host * would stand for everything; a ServiceEntry cannot have it")
			continue
		}
		c.must(at, wildcardHost(host))
		if err := noPartialWildcard(host); err != nil && se.Resolution != networking.ServiceEntry_DYNAMIC_DNS {
			c.warnf(at, "%v", err)
		}
	}
}

func (c *checker) entryAddresses(at *place, se *networking.ServiceEntry) {
	ranges := false
	for i, address := range se.Addresses {
		c.must(item(at, "addresses", i), ipOrCIDR(address))
		ranges = ranges || strings.Contains(address, "/")
	}
	if ranges && se.Resolution != networking.ServiceEntry_NONE && se.Resolution != networking.ServiceEntry_STATIC {
		c.failf(at.Child("addresses"), "address ranges need resolution NONE or STATIC, not %v", se.Resolution)
	}
}

// entryPorts checks the ports one by one and against each other; it returns
// their names.
func (c *checker) entryPorts(at *place, se *networking.ServiceEntry) map[string]bool {
	names, numbers := map[string]bool{}, map[uint32]bool{}
	for i, port := range se.Ports {
		at := item(at, "ports", i)
		if names[port.Name] {
			c.failf(at.Child("name"), "another port has the name %q", port.Name)
		}
		if numbers[port.Number] {
			c.failf(at.Child("number"), "another port has the number %d", port.Number)
		}
		names[port.Name], numbers[port.Number] = true, true
		if port.TargetPort != 0 {
			c.must(at.Child("targetPort"), portNumber(port.TargetPort))
		}
		// With any other resolution, the control plane finds an address by itself.
		if len(se.Addresses) == 0 && se.Resolution == networking.ServiceEntry_NONE && (port.Protocol == "" || port.Protocol == "TCP") {
			c.warnf(at, "a port of TCP or unset protocol needs addresses, since resolution NONE has no automatic ones")
		}
		c.must(at.Child("name"), portName(port.Name))
		c.must(at.Child("protocol"), portProtocol(port.Protocol))
		c.must(at.Child("number"), portNumber(port.Number))
	}
	return names
}

// distinguishableHosts checks that the proxy can tell from a connection which
// of several hosts is meant. HTTP and TLS say so; with resolution NONE it
// does not matter.
func (c *checker) distinguishableHosts(at *place, se *networking.ServiceEntry) {
	if len(se.Hosts) < 2 || se.Resolution == networking.ServiceEntry_NONE {
		return
	}
	for i, port := range se.Ports {
		if p := istio.ParseProtocol(port.Protocol); !p.IsHTTP() && !p.IsTLS() {
			c.failf(item(at, "ports", i), "several hosts cannot be told apart on a port that speaks neither HTTP nor TLS")
			return
		}
	}
}
