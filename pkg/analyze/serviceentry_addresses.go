package analyze

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func serviceEntryAddresses() Analyzer {
	return Analyzer{
		Name:  "serviceentry.Analyzer",
		Doc:   "ServiceEntries with TCP ports have addresses",
		Codes: []string{"IST0134"},
		Needs: []schema.GroupKind{istio.ServiceEntry},
		Run:   checkAddresses,
	}
}

func checkAddresses(m *Mesh) []Finding {
	if allocatesAddresses(m) {
		return nil
	}
	var findings []Finding
	for _, entry := range specs[networking.ServiceEntry](m, istio.ServiceEntry) {
		if entry.Spec.Addresses != nil || hasAllocatedAddress(entry.Object) {
			continue
		}
		for i, port := range entry.Spec.GetPorts() {
			if port.GetProtocol() == "" || strings.EqualFold(port.GetProtocol(), "TCP") {
				findings = append(findings, found("IST0134", entry.Object, path("spec", "ports", i, "name"),
					"a port of protocol TCP needs addresses: without them the proxy cannot tell this service from others on the same port"))
			}
		}
	}
	return findings
}

// allocatesAddresses reports whether the mesh gives addresses to services that have none.
func allocatesAddresses(m *Mesh) bool {
	proxy := m.Config.GetDefaultConfig().GetProxyMetadata()
	return proxy["ISTIO_META_DNS_CAPTURE"] == "true" &&
		(proxy["ISTIO_META_DNS_AUTO_ALLOCATE"] == "true" || proxy["PILOT_ENABLE_IP_AUTOALLOCATE"] == "true")
}
