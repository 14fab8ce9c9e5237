package analyze

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func routeVisibility() Analyzer {
	return Analyzer{
		Name:  "virtualservice.VisibilityAnalyzer",
		Doc:   "Hosts that are routed to are visible where the route applies",
		Codes: []string{"MSH0115", "MSH0116"},
		Needs: []schema.GroupKind{istio.Service, istio.ServiceEntry, istio.Sidecar, istio.VirtualService},
		Run:   checkVisibility,
	}
}

func checkVisibility(m *Mesh) []Finding {
	imports := defaultSidecars(m)
	var findings []Finding
	for _, vs := range specs[networking.VirtualService](m, istio.VirtualService) {
		for _, d := range destinations(vs.Spec) {
			host := istio.FQDN(d.GetHost(), vs.Namespace, m.ClusterDomain)
			known := m.hosts().index.Exact(host)
			if len(known) == 0 {
				continue // a missing host is another finding
			}
			if m.destination(d.GetHost(), vs.Namespace, vs.Spec.GetExportTo()) == nil {
				findings = append(findings, found("MSH0115", vs.Object, d.field.Child("host"),
					"host %q exists, but its exportTo does not let namespace %s see it", d.GetHost(), vs.Namespace))
				continue
			}
			if sidecar, ok := imports[vs.Namespace]; ok && len(vs.Spec.GetGateways()) == 0 && !importsHost(sidecar, host, m.ClusterDomain) {
				findings = append(findings, found("MSH0116", vs.Object, d.field.Child("host"),
					"host %q is not among the egress hosts of %s: sidecars of namespace %s do not know it", d.GetHost(), sidecar.Key, vs.Namespace))
			}
		}
	}
	return findings
}

// defaultSidecars are the Sidecars that apply to all workloads of a namespace.
func defaultSidecars(m *Mesh) map[string]typed[networking.Sidecar] {
	byNamespace := map[string]typed[networking.Sidecar]{}
	for _, s := range specs[networking.Sidecar](m, istio.Sidecar) {
		if len(s.Spec.GetWorkloadSelector().GetLabels()) == 0 && len(s.Spec.GetEgress()) > 0 {
			byNamespace[s.Namespace] = s
		}
	}
	return byNamespace
}

// importsHost reports whether a Sidecar lets its workloads see a host. A host
// outside of the cluster's domain may be defined in any namespace.
func importsHost(sidecar typed[networking.Sidecar], host, clusterDomain string) bool {
	namespace := ""
	if name, ok := strings.CutSuffix(host, ".svc."+clusterDomain); ok {
		_, namespace, _ = strings.Cut(name, ".")
	}
	for _, listener := range sidecar.Spec.GetEgress() {
		for _, entry := range listener.GetHosts() {
			ns, pattern, _ := strings.Cut(entry, "/")
			if ns == "." {
				ns = sidecar.Namespace
			}
			if (ns == "*" || namespace == "" || ns == namespace) && (pattern == "*" || istio.Within(host, pattern)) {
				return true
			}
		}
	}
	return false
}
