package validation

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// VirtualService checks a VirtualService of a namespace.
func VirtualService(vs *networking.VirtualService, namespace string) []Problem {
	r := &report{}
	delegate := len(vs.GetHosts()) == 0
	if delegate {
		r.delegate(vs)
	}
	atGateways := len(vs.GetGateways()) > 0 && !slices.Contains(vs.GetGateways(), istio.MeshGateway)
	r.gatewayNames(sub(spec(), "gateways"), vs.GetGateways())
	if !atGateways {
		r.claimsNeedGateway(vs)
	}
	r.routeHosts(vs, atGateways)
	if len(vs.GetHttp()) == 0 && len(vs.GetTcp()) == 0 && len(vs.GetTls()) == 0 {
		r.errorf(spec(), "a VirtualService needs http, tcp or tls routes")
	}
	for i, route := range vs.GetHttp() {
		r.httpRoute(sub(spec(), "http", i), route, delegate)
	}
	for i, route := range vs.GetTls() {
		r.tlsRoute(sub(spec(), "tls", i), route, vs, atGateways)
	}
	for i, route := range vs.GetTcp() {
		r.tcpRoute(sub(spec(), "tcp", i), route)
	}
	r.exportTo(vs.GetExportTo(), namespace, false)
	r.unreachable(vs)
	return r.problems
}

func (r *report) delegate(vs *networking.VirtualService) {
	if len(vs.GetGateways()) > 0 {
		r.errorf(sub(spec(), "gateways"), "a delegate (a VirtualService without hosts) cannot have gateways")
	}
	if len(vs.GetTls()) > 0 {
		r.errorf(sub(spec(), "tls"), "a delegate (a VirtualService without hosts) cannot have tls routes")
	}
	if len(vs.GetTcp()) > 0 {
		r.errorf(sub(spec(), "tcp"), "a delegate (a VirtualService without hosts) cannot have tcp routes")
	}
}

// gatewayNames checks references of the form "namespace/name". The first one
// in the old form "name" or "name.namespace..." ends the check.
func (r *report) gatewayNames(at resource.FieldPath, names []string) {
	for i, name := range names {
		namespace, gateway, ok := strings.Cut(name, "/")
		if !ok {
			if parts := strings.Split(name, "."); len(parts) > 1 {
				r.warnf(sub(at, i), "%q is a gateway name of an old form: write %q", name, parts[1]+"/"+parts[0])
			}
			r.check(sub(at, i), checkFQDN(name))
			return
		}
		if namespace == "" || gateway == "" {
			r.errorf(sub(at, i), "%q is not of the form namespace/name", name)
		}
		if !isLabel(namespace) {
			r.errorf(sub(at, i), "%q cannot be a namespace", namespace)
		}
		if !isLabel(gateway) {
			r.errorf(sub(at, i), "%q cannot be the name of a gateway", gateway)
		}
	}
}

func (r *report) claimsNeedGateway(vs *networking.VirtualService) {
	for i, route := range vs.GetHttp() {
		for j, match := range route.GetMatch() {
			for field, headers := range map[string]map[string]*networking.StringMatch{"headers": match.GetHeaders(), "withoutHeaders": match.GetWithoutHeaders()} {
				for _, key := range slices.Sorted(maps.Keys(headers)) {
					if istio.IsJWTClaim(key) {
						r.errorf(sub(spec(), "http", i, "match", j, field, key), "routing by the JWT claim %q works at gateways only", key)
					}
				}
			}
		}
	}
}

func (r *report) routeHosts(vs *networking.VirtualService, atGateways bool) {
	sni := slices.ContainsFunc(vs.GetTls(), func(t *networking.TLSRoute) bool {
		return slices.ContainsFunc(t.GetMatch(), func(m *networking.TLSMatchAttributes) bool { return len(m.GetSniHosts()) > 0 })
	})
	at := sub(spec(), "hosts")
	before := len(r.problems)
	for i, host := range vs.GetHosts() {
		err := checkDomain(host)
		if atGateways {
			err = checkGatewayDomain(host, sni)
		}
		switch {
		case err != nil && !isIP(host):
			r.check(sub(at, i), err)
		case err == nil && !atGateways && host == "*":
			r.errorf(sub(at, i), "host \"*\" is not allowed for sidecars, only at gateways")
		}
	}
	if len(r.problems) > before {
		return
	}
	// A name given twice, or covered by a wildcard of the same object.
	var seen istio.HostIndex[string]
	for i, host := range vs.GetHosts() {
		for _, other := range seen.Overlapping(host) {
			r.errorf(sub(at, i), "hosts %q and %q overlap", other, host)
		}
		seen.Add(host, host)
	}
}

func (r *report) tlsRoute(at resource.FieldPath, route *networking.TLSRoute, vs *networking.VirtualService, atGateways bool) {
	if route == nil {
		return
	}
	if len(route.GetMatch()) == 0 {
		r.errorf(at, "a tls route needs a match")
	}
	for i, match := range route.GetMatch() {
		r.tlsMatch(sub(at, "match", i), match, vs, atGateways)
	}
	if len(route.GetRoute()) == 0 {
		r.errorf(at, "a tls route needs a destination")
	}
	r.weightedDestinations(sub(at, "route"), route.GetRoute())
}

func (r *report) tlsMatch(at resource.FieldPath, match *networking.TLSMatchAttributes, vs *networking.VirtualService, atGateways bool) {
	if match == nil {
		r.errorf(at, "a match must not be null")
		return
	}
	if len(match.GetSniHosts()) == 0 {
		r.errorf(at, "a tls match needs sniHosts")
	}
	for i, host := range match.GetSniHosts() {
		r.sniHost(sub(at, "sniHosts", i), host, vs, atGateways)
	}
	r.connectionMatch(at, match.GetDestinationSubnets(), match.GetPort(), match.GetSourceLabels(), match.GetGateways())
}

func (r *report) sniHost(at resource.FieldPath, host string, vs *networking.VirtualService, atGateways bool) {
	err := checkDomain(host)
	if atGateways {
		err = checkGatewayDomain(host, true)
	}
	switch {
	case err != nil && isIP(host):
		r.warnf(at, "%q is an IP address: clients do not send addresses as server name", host)
	case err != nil:
		r.check(at, err)
	case !slices.ContainsFunc(vs.GetHosts(), func(h string) bool { return istio.Within(host, h) }):
		r.errorf(at, "the server name %q is not covered by the hosts %s", host, strings.Join(vs.GetHosts(), ", "))
	}
}

func (r *report) tcpRoute(at resource.FieldPath, route *networking.TCPRoute) {
	if route == nil {
		return
	}
	for i, match := range route.GetMatch() {
		if match == nil {
			r.errorf(sub(at, "match", i), "a match must not be null")
			continue
		}
		r.connectionMatch(sub(at, "match", i), match.GetDestinationSubnets(), match.GetPort(), match.GetSourceLabels(), match.GetGateways())
	}
	if len(route.GetRoute()) == 0 {
		r.errorf(at, "a tcp route needs a destination")
	}
	r.weightedDestinations(sub(at, "route"), route.GetRoute())
}

func (r *report) connectionMatch(at resource.FieldPath, subnets []string, port uint32, sourceLabels map[string]string, gateways []string) {
	for i, subnet := range subnets {
		r.check(sub(at, "destinationSubnets", i), checkSubnet(subnet))
	}
	if port != 0 {
		r.check(sub(at, "port"), checkPort(int(port)))
	}
	r.labels(sub(at, "sourceLabels"), sourceLabels)
	r.gatewayNames(sub(at, "gateways"), gateways)
}
