package analyze

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func serviceEntryProtocols() Analyzer {
	return Analyzer{
		Name:  "serviceentry.ConflictingServiceEntryProtocolAnalyzer",
		Doc:   "ServiceEntries agree on the protocol of a host's port",
		Codes: []string{"IST0177"},
		Needs: []schema.GroupKind{istio.ServiceEntry},
		Run:   checkEntryProtocols,
	}
}

func checkEntryProtocols(m *Mesh) []Finding {
	type scopedPort struct {
		scope, host string
		port        uint32
	}
	type definition struct {
		protocol string
		object   *resource.Object
	}
	definitions := map[scopedPort][]definition{}
	var order []scopedPort
	for _, entry := range specs[networking.ServiceEntry](m, istio.ServiceEntry) {
		for _, scope := range istio.ExportScopes(entry.Spec.GetExportTo(), entry.Namespace) {
			for _, host := range entry.Spec.GetHosts() {
				for _, port := range entry.Spec.GetPorts() {
					key := scopedPort{scope, host, port.GetNumber()}
					if definitions[key] == nil {
						order = append(order, key)
					}
					definitions[key] = append(definitions[key], definition{strings.ToUpper(port.GetProtocol()), entry.Object})
				}
			}
		}
	}
	var findings []Finding
	reported := map[*resource.Object]bool{}
	for _, key := range order {
		conflicting := definitions[key]
		if key.scope != istio.ExportedToAll {
			conflicting = append(slices.Clone(conflicting), definitions[scopedPort{istio.ExportedToAll, key.host, key.port}]...)
		}
		protocols := map[string]bool{}
		var objects []*resource.Object
		for _, d := range conflicting {
			protocols[d.protocol] = true
			objects = append(objects, d.object)
		}
		if len(protocols) < 2 {
			continue
		}
		for _, o := range objects {
			if !reported[o] {
				reported[o] = true
				findings = append(findings, found("IST0177", o, path("metadata", "name"),
					"the ServiceEntries %s give port %d of host %q different protocols: %s",
					strings.Join(objectNames(objects), ", "), key.port, key.host, strings.Join(slices.Sorted(maps.Keys(protocols)), ", ")))
			}
		}
	}
	return findings
}
