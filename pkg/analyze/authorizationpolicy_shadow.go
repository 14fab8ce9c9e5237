package analyze

import (
	security "istio.io/api/security/v1beta1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func authorizationPolicyShadow() Analyzer {
	return Analyzer{
		Name:  "auth.ShadowAnalyzer",
		Doc:   "No AuthorizationPolicy makes another one pointless",
		Codes: []string{"MSH0106"},
		Needs: []schema.GroupKind{istio.AuthorizationPolicy},
		Run:   checkShadowedPolicies,
	}
}

// checkShadowedPolicies finds ALLOW policies beside a policy that denies
// everything to the same workloads (DENY with an empty rule), and ALLOW
// policies with conditions beside one that allows everything.
func checkShadowedPolicies(m *Mesh) []Finding {
	type policy = typed[security.AuthorizationPolicy]
	byNamespace := map[string][]policy{} // that decide about everything
	for _, p := range specs[security.AuthorizationPolicy](m, istio.AuthorizationPolicy) {
		action := p.Spec.GetAction()
		if decidesEverything(p.Spec) && (action == security.AuthorizationPolicy_ALLOW || action == security.AuthorizationPolicy_DENY) && len(p.Spec.GetTargetRefs()) == 0 {
			byNamespace[p.Namespace] = append(byNamespace[p.Namespace], p)
		}
	}
	root := m.RootNamespace()
	var findings []Finding
	for _, p := range specs[security.AuthorizationPolicy](m, istio.AuthorizationPolicy) {
		if p.Spec.GetAction() != security.AuthorizationPolicy_ALLOW || len(p.Spec.GetRules()) == 0 || len(p.Spec.GetTargetRefs()) > 0 {
			continue
		}
		candidates := byNamespace[p.Namespace]
		if p.Namespace != root {
			candidates = append(candidates[:len(candidates):len(candidates)], byNamespace[root]...)
		}
		for _, other := range candidates {
			if other.Object == p.Object || !istio.Selects(other.Spec.GetSelector().GetMatchLabels(), p.Spec.GetSelector().GetMatchLabels()) {
				continue
			}
			if other.Spec.GetAction() == security.AuthorizationPolicy_DENY {
				findings = append(findings, found("MSH0106", p.Object, path("spec"), "allows nothing: %s denies everything to the same workloads, and DENY comes first", other.Key))
			} else if !decidesEverything(p.Spec) {
				findings = append(findings, found("MSH0106", p.Object, path("spec"), "restricts nothing: %s allows everything to the same workloads", other.Key))
			}
			break
		}
	}
	return findings
}

// decidesEverything reports whether a policy has a rule without conditions.
func decidesEverything(policy *security.AuthorizationPolicy) bool {
	for _, rule := range policy.GetRules() {
		if len(rule.GetFrom()) == 0 && len(rule.GetTo()) == 0 && len(rule.GetWhen()) == 0 {
			return true
		}
	}
	return false
}
