package validation

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func (c *checker) virtualService(at *place, vs *networking.VirtualService) {
	isDelegate := len(vs.Hosts) == 0
	if isDelegate {
		c.delegateFields(at, vs)
	}
	c.gatewayNames(at.Child("gateways"), vs.Gateways)
	if !gatewayOnly(vs) {
		c.noClaims(at, vs)
	}
	c.virtualHosts(at, vs)
	if len(vs.Http) == 0 && len(vs.Tcp) == 0 && len(vs.Tls) == 0 {
		c.failf(at, "a VirtualService needs http, tls or tcp routes")
	}
	for i, route := range vs.Http {
		c.httpRoute(item(at, "http", i), route, isDelegate)
	}
	for i, route := range vs.Tls {
		c.tlsRoute(item(at, "tls", i), route, vs)
	}
	for i, route := range vs.Tcp {
		c.withoutWarnings(func() { c.tcpRoute(item(at, "tcp", i), route) })
	}
	c.exportTo(at.Child("exportTo"), vs.ExportTo, false)
	c.unreachableHTTP(at.Child("http"), vs.Http)
	c.unreachable(at.Child("tcp"), tcpMatches(vs.Tcp))
	c.unreachable(at.Child("tls"), tlsMatches(vs.Tls))
}

// gatewayOnly reports whether sidecars leave the VirtualService alone. The
// absence of gateways means the sidecars.
func gatewayOnly(vs *networking.VirtualService) bool {
	return len(vs.Gateways) > 0 && !slices.Contains(vs.Gateways, istio.MeshGateway)
}

// delegateFields checks a VirtualService without hosts, which is a part of another one.
func (c *checker) delegateFields(at *place, vs *networking.VirtualService) {
	for _, f := range []struct {
		field string
		set   bool
	}{
		{"gateways", len(vs.Gateways) > 0},
		{"tls", len(vs.Tls) > 0},
		{"tcp", len(vs.Tcp) > 0},
	} {
		if f.set {
			c.failf(at.Child(f.field), "a VirtualService without hosts is a delegate and cannot have %s", f.field)
		}
	}
}

// gatewayNames checks references to Gateways, "namespace/name" or "name". A
// name without namespace ends the check, as in the control plane.
func (c *checker) gatewayNames(at *place, names []string) {
	for i, ref := range names {
		at := at.Child(resource.Index(i))
		namespace, name, scoped := strings.Cut(ref, "/")
		if !scoped {
			if parts := strings.Split(ref, "."); len(parts) > 1 {
				c.warnf(at, "%q is the old form of a Gateway's name; write %q", ref, parts[1]+"/"+parts[0])
			}
			c.must(at, fqdn(ref))
			return
		}
		if namespace == "" || name == "" {
			c.failf(at, "neither the namespace nor the name may be empty in NAMESPACE/GATEWAY")
		}
		if !isDNSLabel(namespace) {
			c.failf(at, "%q is not a namespace", namespace)
		}
		if !isDNSLabel(name) {
			c.failf(at, "%q is not the name of a Gateway", name)
		}
	}
}

// noClaims refuses routing by claims of tokens in sidecars.
func (c *checker) noClaims(at *place, vs *networking.VirtualService) {
	for i, route := range vs.Http {
		for j, match := range route.Match {
			at := item(item(at, "http", i), "match", j)
			c.noClaimsIn(at.Child("headers"), match.Headers)
			c.noClaimsIn(at.Child("withoutHeaders"), match.WithoutHeaders)
		}
	}
}

func (c *checker) noClaimsIn(at *place, headers map[string]*networking.StringMatch) {
	for _, name := range sortedKeys(headers) {
		if istio.IsJWTClaim(name) {
			c.failf(at.Child(name), "only gateways can route by the token's claims (%s); name them in gateways", name)
		}
	}
}

func (c *checker) virtualHosts(at *place, vs *networking.VirtualService) {
	gateway := gatewayOnly(vs)
	valid := true
	for i, host := range vs.Hosts {
		at := item(at, "hosts", i)
		err := wildcardHost(host)
		if gateway {
			err = gatewayRouteHost(host, matchesSNI(vs))
		}
		switch {
		case err != nil && isIP(host):
		case err != nil:
			c.must(at, err)
			valid = false
		case host == "*" && !gateway:
			c.failf(at, "the host * would catch all traffic of the sidecars; it is allowed for gateways only")
			valid = false
		}
	}
	if valid {
		c.repeatedHosts(at.Child("hosts"), vs.Hosts)
	}
}

// repeatedHosts finds hosts that overlap with later ones, by wildcard or as they are.
func (c *checker) repeatedHosts(at *place, hosts []string) {
	for i, host := range hosts {
		for j := i + 1; j < len(hosts); j++ {
			if istio.Overlap(host, hosts[j]) {
				c.failf(at.Child(resource.Index(j)), "the hosts %s and %s overlap", host, hosts[j])
			}
		}
	}
}

// gatewayRouteHost checks a host of a VirtualService that belongs to
// gateways. With SNI routes, these may be in mode AUTO_PASSTHROUGH.
func gatewayRouteHost(host string, sni bool) error {
	if err := hostLength(host); err != nil {
		return err
	}
	if sni && strings.HasPrefix(host, "outbound_") {
		return autoPassthroughHost(host)
	}
	return wildcardHost(host)
}

func matchesSNI(vs *networking.VirtualService) bool {
	for _, route := range vs.Tls {
		for _, match := range route.Match {
			if len(match.SniHosts) > 0 {
				return true
			}
		}
	}
	return false
}
