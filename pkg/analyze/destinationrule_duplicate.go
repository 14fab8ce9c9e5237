package analyze

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func destinationRuleDuplicate() Analyzer {
	return Analyzer{
		Name:  "destinationrule.DuplicateAnalyzer",
		Doc:   "Each host has one DestinationRule, however its name is written",
		Codes: []string{"MSH0102"},
		Needs: []schema.GroupKind{istio.DestinationRule},
		Run:   checkDuplicateRules,
	}
}

// checkDuplicateRules compares rules of one namespace for one host. Rules of
// other namespaces are overridden in a defined order, and rules for some
// workloads are meant to be several.
func checkDuplicateRules(m *Mesh) []Finding {
	type subject struct{ namespace, host string }
	rules := map[subject][]*resource.Object{}
	var order []subject
	for _, rule := range specs[networking.DestinationRule](m, istio.DestinationRule) {
		if rule.Spec.GetWorkloadSelector() != nil {
			continue
		}
		s := subject{rule.Namespace, istio.FQDN(rule.Spec.GetHost(), rule.Namespace, m.ClusterDomain)}
		if rules[s] == nil {
			order = append(order, s)
		}
		rules[s] = append(rules[s], rule.Object)
	}
	var findings []Finding
	for _, s := range order {
		if len(rules[s]) < 2 {
			continue
		}
		names := strings.Join(objectNames(rules[s]), ", ")
		for _, o := range rules[s] {
			findings = append(findings, found("MSH0102", o, path("spec", "host"),
				"the DestinationRules %s are all for host %q: subsets are merged, but only the oldest one's traffic policy counts", names, s.host))
		}
	}
	return findings
}
