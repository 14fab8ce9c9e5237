package validation

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/istio"
)

// resolution checks that the endpoints suit the way in which they are found.
func (c *checker) resolution(at *place, se *networking.ServiceEntry, ports map[string]bool) {
	switch se.Resolution {
	case networking.ServiceEntry_NONE:
		if len(se.Endpoints) > 0 {
			c.failf(at.Child("endpoints"), "resolution NONE goes to the address that the client asked for; endpoints cannot be set")
		}
		if se.WorkloadSelector != nil {
			c.warnf(at.Child("workloadSelector"), "resolution NONE goes to the address that the client asked for; workloadSelector has no effect")
		}
	case networking.ServiceEntry_STATIC:
		for i, endpoint := range se.Endpoints {
			c.endpoint(item(at, "endpoints", i), endpoint, staticEndpoint{ports})
		}
	case networking.ServiceEntry_DNS, networking.ServiceEntry_DNS_ROUND_ROBIN:
		c.resolvedByDNS(at, se, ports)
	case networking.ServiceEntry_DYNAMIC_DNS:
		c.resolvedPerRequest(at, se)
	default:
		c.failf(at.Child("resolution"), "there is no resolution %v", se.Resolution)
	}
}

func (c *checker) resolvedByDNS(at *place, se *networking.ServiceEntry, ports map[string]bool) {
	if len(se.Endpoints) == 0 {
		for i, host := range se.Hosts {
			if err := fqdn(host); err != nil {
				c.failf(item(at, "hosts", i), "resolution %v without endpoints looks up the hosts themselves: %v", se.Resolution, err)
				break
			}
		}
	}
	if len(se.Endpoints) > 1 && se.Resolution == networking.ServiceEntry_DNS_ROUND_ROBIN {
		c.failf(at.Child("endpoints"), "resolution %v can have one endpoint at most", se.Resolution)
	}
	for i, endpoint := range se.Endpoints {
		at := item(at, "endpoints", i)
		if !isIP(endpoint.Address) && fqdn(endpoint.Address) != nil {
			c.failf(at.Child("address"), "%q is neither a host name nor an IP address", endpoint.Address)
		}
		c.labels(at.Child("labels"), endpoint.Labels)
		c.endpointPorts(at.Child("ports"), endpoint.Ports, ports)
	}
	if len(se.Addresses) == 0 || len(se.Hosts) < 2 {
		return
	}
	for i, port := range se.Ports {
		if istio.ParseProtocol(port.Protocol).IsTCP() {
			c.warnf(item(at, "ports", i), "with addresses and a TCP port, only one host has an effect")
			break
		}
	}
}

// resolvedPerRequest checks DYNAMIC_DNS, where the proxy looks up the name
// that each request asks for.
func (c *checker) resolvedPerRequest(at *place, se *networking.ServiceEntry) {
	if len(se.Hosts) == 0 {
		c.failf(at, "resolution %v needs a wildcard host", se.Resolution)
	}
	for i, host := range se.Hosts {
		if !istio.Wildcard(host) {
			c.failf(item(at, "hosts", i), "resolution %v is for wildcard hosts", se.Resolution)
		}
	}
	if len(se.Addresses) > 0 {
		c.failf(at.Child("addresses"), "resolution %v goes by host names; addresses cannot be set", se.Resolution)
	}
	if len(se.Endpoints) > 0 {
		c.failf(at.Child("endpoints"), "resolution %v looks up what the client asks for; endpoints cannot be set", se.Resolution)
	}
	for i, port := range se.Ports {
		switch istio.ParseProtocol(port.Protocol) {
		case istio.HTTP, istio.HTTP2, istio.GRPC, istio.TLS:
		default:
			c.failf(item(at, "ports", i), "resolution %v works with HTTP, HTTP2, GRPC and TLS only", se.Resolution)
		}
	}
	if waypoint := c.object.Labels[istio.UseWaypointLabel]; waypoint != "" && !strings.EqualFold(waypoint, "none") &&
		se.Location == networking.ServiceEntry_MESH_INTERNAL {
		c.failf(at.Child("location"), "a waypoint supports resolution %v for MESH_EXTERNAL only", se.Resolution)
	}
}
