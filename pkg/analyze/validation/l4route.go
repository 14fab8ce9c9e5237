package validation

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func (c *checker) tlsRoute(at *place, route *networking.TLSRoute, vs *networking.VirtualService) {
	if len(route.Match) == 0 {
		c.failf(at, "a TLS route needs a match")
	}
	for i, match := range route.Match {
		at := item(at, "match", i)
		if len(match.SniHosts) == 0 {
			c.failf(at, "the match of a TLS route needs sniHosts")
		}
		for j, host := range match.SniHosts {
			c.sniHost(item(at, "sniHosts", j), host, vs)
		}
		c.l4Match(at, match)
	}
	if len(route.Route) == 0 {
		c.failf(at, "a TLS route needs a destination in route")
	}
	c.weighted(at.Child("route"), route.Route)
}

// sniHost checks a server name to match: one of the VirtualService's hosts or a part of it.
func (c *checker) sniHost(at *place, host string, vs *networking.VirtualService) {
	err := wildcardHost(host)
	if !slices.Contains(vs.Gateways, istio.MeshGateway) {
		err = gatewayRouteHost(host, true)
	}
	switch {
	case err != nil && isIP(host):
		c.warnf(at, "%q is an IP address, which clients do not send as server name", host)
	case err != nil:
		c.must(at, err)
	case !slices.ContainsFunc(vs.Hosts, func(outer string) bool { return istio.Within(host, outer) }):
		c.failf(at, "%q is not covered by the VirtualService's hosts %v", host, vs.Hosts)
	}
}

func (c *checker) tcpRoute(at *place, route *networking.TCPRoute) {
	for i, match := range route.Match {
		c.l4Match(item(at, "match", i), match)
	}
	if len(route.Route) == 0 {
		c.failf(at, "a TCP route needs a destination in route")
	}
	c.weighted(at.Child("route"), route.Route)
}

// connectionMatch is what matches of TLS and TCP routes have in common.
type connectionMatch interface {
	GetDestinationSubnets() []string
	GetPort() uint32
	GetSourceLabels() map[string]string
	GetGateways() []string
}

func (c *checker) l4Match(at *place, match connectionMatch) {
	for i, subnet := range match.GetDestinationSubnets() {
		c.must(item(at, "destinationSubnets", i), ipOrCIDR(subnet))
	}
	if port := match.GetPort(); port != 0 {
		c.must(at.Child("port"), portNumber(port))
	}
	c.labels(at.Child("sourceLabels"), match.GetSourceLabels())
	c.gatewayNames(at.Child("gateways"), match.GetGateways())
}

func (c *checker) weighted(at *place, destinations []*networking.RouteDestination) {
	total := int32(0)
	for i, d := range destinations {
		at := at.Child(resource.Index(i))
		c.routeDestination(at, d.Destination, d.Weight)
		total += d.Weight
	}
	c.totalWeight(at, len(destinations), total)
}
