package analyze

import (
	telemetry "istio.io/api/telemetry/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func telemetrySelector() Analyzer {
	return Analyzer{
		Name:  "telemetry.SelectorAnalyzer",
		Doc:   "Telemetries with a selector select pods, and no pod is selected twice",
		Codes: []string{"IST0101", "IST0159"},
		Needs: []schema.GroupKind{istio.Pod, istio.Telemetry},

		OfParts: true,
		Run:     checkTelemetrySelectors,
	}
}

func checkTelemetrySelectors(m *Mesh) []Finding {
	var policies []selectingPolicy
	for _, t := range specs[telemetry.Telemetry](m, istio.Telemetry) {
		if selector := t.Spec.GetSelector().GetMatchLabels(); len(selector) > 0 {
			policies = append(policies, selectingPolicy{t.Object, selector, path("spec", "selector", "matchLabels")})
		}
	}
	findings, selectedBy := matchPolicies(m, policies)
	for _, w := range selectedBy.order {
		findings = append(findings, doubleSelection("IST0159", "Telemetries", w, selectedBy.policies[w])...)
	}
	return findings
}
