package analyze

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func virtualServiceMeshHosts() Analyzer {
	return Analyzer{
		Name:  "virtualservice.ConflictingMeshGatewayHostsAnalyzer",
		Doc:   "Each host is configured for the sidecars by one VirtualService only",
		Codes: []string{"IST0109"},
		Needs: []schema.GroupKind{istio.VirtualService},
		Run:   checkMeshHosts,
	}
}

// meshHost is a host as the sidecars of a namespace (or of all) see it.
type meshHost struct{ scope, host string }

func checkMeshHosts(m *Mesh) []Finding {
	owners := map[meshHost][]*resource.Object{}
	var order []meshHost
	var everywhere istio.HostIndex[*resource.Object]
	for _, vs := range specs[networking.VirtualService](m, istio.VirtualService) {
		if gateways := vs.Spec.GetGateways(); len(gateways) > 0 && !slices.Contains(gateways, istio.MeshGateway) {
			continue
		}
		for _, host := range vs.Spec.GetHosts() {
			host = istio.FQDN(host, vs.Namespace, m.ClusterDomain)
			for _, scope := range istio.ExportScopes(vs.Spec.GetExportTo(), vs.Namespace) {
				key := meshHost{scope, host}
				if owners[key] == nil {
					order = append(order, key)
				}
				owners[key] = append(owners[key], vs.Object)
				if scope == istio.ExportedToAll {
					everywhere.Add(host, vs.Object)
				}
			}
		}
	}
	var findings []Finding
	reported := map[*resource.Object]bool{}
	for _, key := range order {
		conflicting := owners[key]
		if key.scope != istio.ExportedToAll {
			conflicting = append(slices.Clone(conflicting), everywhere.Overlapping(key.host)...)
		}
		if len(conflicting) < 2 {
			continue
		}
		names := objectNames(conflicting)
		for _, o := range conflicting {
			if reported[o] {
				continue
			}
			reported[o] = true
			message := fmt.Sprintf("the VirtualServices %s all configure host %q for the sidecars of %s: which one counts is not defined",
				strings.Join(names, ", "), key.host, scopeName(key.scope))
			if len(names) == 1 {
				message = fmt.Sprintf("host %q is listed twice, perhaps once by its short name", key.host)
			}
			findings = append(findings, found("IST0109", o, path("metadata", "name"), "%s", message))
		}
	}
	return findings
}

func scopeName(scope string) string {
	if scope == istio.ExportedToAll {
		return "all namespaces"
	}
	return "namespace " + scope
}

// objectNames lists the objects as "namespace/name", sorted, without repetitions.
func objectNames(objects []*resource.Object) []string {
	names := make([]string, len(objects))
	for i, o := range objects {
		names[i] = strings.TrimPrefix(o.Namespace+"/"+o.Name, "/")
	}
	slices.Sort(names)
	return slices.Compact(names)
}
