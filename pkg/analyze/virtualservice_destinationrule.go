package analyze

import (
	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func virtualServiceDestinationRule() Analyzer {
	return Analyzer{
		Name:  "virtualservice.DestinationRuleAnalyzer",
		Doc:   "Subsets that VirtualServices route to are defined by a DestinationRule",
		Codes: []string{"IST0101"},
		Needs: []schema.GroupKind{istio.DestinationRule, istio.VirtualService},
		Run:   checkDestinationSubsets,
	}
}

func checkDestinationSubsets(m *Mesh) []Finding {
	type subset struct{ host, name string }
	defined := map[subset]bool{}
	for _, rule := range specs[networking.DestinationRule](m, istio.DestinationRule) {
		host := istio.FQDN(rule.Spec.GetHost(), rule.Namespace, m.ClusterDomain)
		for _, s := range rule.Spec.GetSubsets() {
			defined[subset{host, s.GetName()}] = true
		}
	}
	var findings []Finding
	for _, vs := range specs[networking.VirtualService](m, istio.VirtualService) {
		for _, d := range destinations(vs.Spec) {
			name := d.GetSubset()
			if name == "" || defined[subset{istio.FQDN(d.GetHost(), vs.Namespace, m.ClusterDomain), name}] || !m.complete(istio.DestinationRule) {
				continue
			}
			what := "subset"
			if d.mirror {
				what = "mirror subset"
			}
			findings = append(findings, found("IST0101", vs.Object, d.field.Child("host"),
				"%s %q of host %q is not defined by any DestinationRule", what, name, d.GetHost()))
		}
	}
	return findings
}
