package analyze

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func virtualServiceDestinationHost() Analyzer {
	return Analyzer{
		Name:  "virtualservice.DestinationHostAnalyzer",
		Doc:   "Hosts and ports that VirtualServices route to exist",
		Codes: []string{"IST0101", "IST0112", "IST0140"},
		Needs: []schema.GroupKind{istio.Service, istio.ServiceEntry, istio.VirtualService},

		OfParts: true,
		Run: func(m *Mesh) []Finding {
			return append(checkDestinationHosts(m), checkSubsetsAtGateways(m)...)
		},
	}
}

func checkDestinationHosts(m *Mesh) []Finding {
	var findings []Finding
	for _, vs := range specs[networking.VirtualService](m, istio.VirtualService) {
		for _, d := range destinations(vs.Spec) {
			field := d.field.Child("host")
			target := m.destination(d.GetHost(), vs.Namespace, vs.Spec.GetExportTo())
			switch {
			case target == nil:
				if m.knowsHost(d.GetHost(), vs.Namespace) {
					what := "host"
					if d.mirror {
						what = "mirror host"
					}
					findings = append(findings, found("IST0101", vs.Object, field, "%s %q does not exist: no Service or ServiceEntry defines it", what, d.GetHost()))
				}
			case d.GetPort() == nil:
				if len(target.ports) > 1 {
					findings = append(findings, found("IST0112", vs.Object, field,
						"host %q has the ports %v: the destination must say which one it means", d.GetHost(), target.ports))
				}
			case !slices.Contains(target.ports, d.GetPort().GetNumber()):
				findings = append(findings, found("IST0101", vs.Object, d.field.Child("port", "number"),
					"host %q has no port %d, only %v", d.GetHost(), d.GetPort().GetNumber(), target.ports))
			}
		}
	}
	return findings
}

// checkSubsetsAtGateways finds routes at gateways that go to a host without a
// subset, while another VirtualService chooses a subset for calls to that
// very host inside the mesh: a gateway does not apply the latter.
func checkSubsetsAtGateways(m *Mesh) []Finding {
	all := specs[networking.VirtualService](m, istio.VirtualService)
	inMesh := map[string][]typed[networking.VirtualService]{} // that choose a subset, by host
	for _, vs := range all {
		if gateways := vs.Spec.GetGateways(); len(gateways) > 0 && !slices.Contains(gateways, istio.MeshGateway) {
			continue
		}
		own := map[string]bool{}
		for _, host := range vs.Spec.GetHosts() {
			own[istio.FQDN(host, vs.Namespace, m.ClusterDomain)] = true
		}
		for _, route := range vs.Spec.GetHttp() {
			for _, d := range route.GetRoute() {
				if host := istio.FQDN(d.GetDestination().GetHost(), vs.Namespace, m.ClusterDomain); d.GetDestination().GetSubset() != "" && own[host] {
					inMesh[host] = append(inMesh[host], vs)
				}
			}
		}
	}
	var findings []Finding
	for _, vs := range all {
		if !slices.ContainsFunc(vs.Spec.GetGateways(), func(gateway string) bool { return gateway != istio.MeshGateway }) {
			continue
		}
		for i, route := range vs.Spec.GetHttp() {
			for j, d := range route.GetRoute() {
				if d.GetDestination().GetSubset() != "" {
					continue
				}
				for _, other := range inMesh[istio.FQDN(d.GetDestination().GetHost(), vs.Namespace, m.ClusterDomain)] {
					findings = append(findings, found("IST0140", vs.Object, path("spec", "http", i, "route", j, "destination", "host"),
						"the subset that %s chooses does not count for requests through the gateways of %s", other.Key, vs.Key))
				}
			}
		}
	}
	return findings
}
