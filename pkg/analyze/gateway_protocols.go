package analyze

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func gatewayProtocols() Analyzer {
	return Analyzer{
		Name:  "gateway.ProtocolConflictAnalyzer",
		Doc:   "Gateways on the same proxies agree on the protocol of each port",
		Codes: []string{"MSH0114"},
		Needs: []schema.GroupKind{istio.Gateway, istio.Pod},
		Run:   checkGatewayProtocols,
	}
}

// checkGatewayProtocols finds servers that istiod leaves out, because another
// one has taken their port of the same proxies for a protocol with which they
// cannot share it. It compares each selector of a port with each other, not
// each server: Gateways have few different selectors.
func checkGatewayProtocols(m *Mesh) []Finding {
	type socket struct {
		port uint32
		bind string
	}
	type user struct {
		object   *resource.Object
		selector map[string]string
		protocol string
		id       string // selector and family
	}
	users := map[socket][]user{} // the first of each selector and family of protocols
	share := sharedProxies(m)
	var findings []Finding
	for _, gw := range specs[networking.Gateway](m, istio.Gateway) {
		for i, server := range gw.Spec.GetServers() {
			protocol := server.GetPort().GetProtocol()
			if protocolFamily(protocol) == "" {
				continue
			}
			key := socket{server.GetPort().GetNumber(), server.GetBind()}
			own := user{gw.Object, gw.Spec.GetSelector(), protocol, istio.SelectorString(gw.Spec.GetSelector()) + " " + protocolFamily(protocol)}
			for _, other := range users[key] {
				if protocolFamily(other.protocol) != protocolFamily(protocol) && share(own.selector, other.selector) {
					findings = append(findings, found("MSH0114", gw.Object, path("spec", "servers", i, "port", "protocol"),
						"the server wants protocol %s on port %d, where %s has %s on the same proxies (%s): one of the two is not used",
						strings.ToUpper(protocol), key.port, nameIn(other.object, gw.Object), strings.ToUpper(other.protocol), istio.SelectorString(own.selector)))
					break
				}
			}
			if !slices.ContainsFunc(users[key], func(u user) bool { return u.id == own.id }) {
				users[key] = append(users[key], own)
			}
		}
	}
	return findings
}

// nameIn names an object for a reader of another one.
func nameIn(o, reader *resource.Object) string {
	if o == reader {
		return "another server of it"
	}
	return o.Key.String()
}
