package analyze

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func serviceEntryOverlap() Analyzer {
	return Analyzer{
		Name:  "serviceentry.OverlapAnalyzer",
		Doc:   "ServiceEntries do not take hosts that belong to Services",
		Codes: []string{"MSH0105"},
		Needs: []schema.GroupKind{istio.Service, istio.ServiceEntry},

		OfParts: true,
		Run:     checkEntryOverlap,
	}
}

func checkEntryOverlap(m *Mesh) []Finding {
	var findings []Finding
	suffix := ".svc." + m.ClusterDomain
	for _, entry := range specs[networking.ServiceEntry](m, istio.ServiceEntry) {
		for i, host := range entry.Spec.GetHosts() {
			name, namespace, ok := strings.Cut(strings.TrimSuffix(istio.FQDN(host, entry.Namespace, m.ClusterDomain), suffix), ".")
			if ok && m.Get(istio.Service, namespace, name) != nil {
				findings = append(findings, found("MSH0105", entry.Object, path("spec", "hosts", i),
					"host %q is the Service %s/%s: both define its ports and endpoints", host, namespace, name))
			}
		}
	}
	return findings
}
