package analyze

import (
	"strings"

	security "istio.io/api/security/v1beta1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func authorizationPolicyTargets() Analyzer {
	return Analyzer{
		Name:  "auth.AuthorizationPoliciesAnalyzer",
		Doc:   "AuthorizationPolicies apply to workloads and name namespaces that exist",
		Codes: []string{"IST0101", "IST0127"},
		Needs: []schema.GroupKind{istio.AuthorizationPolicy, istio.Namespace, istio.Pod},

		OfParts: true,
		Run:     checkAuthorizationPolicies,
	}
}

func checkAuthorizationPolicies(m *Mesh) []Finding {
	members := &workloadTable{byNamespace: map[string][]*workload{}, byLabel: map[labelKey][]*workload{}}
	for _, w := range m.workloads().all {
		if m.inMesh(w) || w.inAmbientMode() || m.willBeInAmbientMode(w) {
			members.add(w)
		}
	}
	var findings []Finding
	for _, policy := range specs[security.AuthorizationPolicy](m, istio.AuthorizationPolicy) {
		selector := policy.Spec.GetSelector()
		meshWide := policy.Namespace == m.RootNamespace()
		applies := meshWide && selector == nil ||
			meshWide && len(members.selectedAnywhere(selector.GetMatchLabels())) > 0 ||
			len(members.selected(policy.Namespace, selector.GetMatchLabels())) > 0
		if !applies && m.knowsWorkloads(policy.Namespace) {
			findings = append(findings, found("IST0127", policy.Object, path("spec", "selector"),
				"applies to no workload of the mesh (selector %q)", istio.SelectorString(selector.GetMatchLabels())))
		}
		findings = append(findings, checkSourceNamespaces(m, policy)...)
	}
	return findings
}

func checkSourceNamespaces(m *Mesh, policy typed[security.AuthorizationPolicy]) []Finding {
	var findings []Finding
	for i, rule := range policy.Spec.GetRules() {
		for j, from := range rule.GetFrom() {
			for field, names := range map[string][]string{
				"namespaces":    from.GetSource().GetNamespaces(),
				"notNamespaces": from.GetSource().GetNotNamespaces(),
			} {
				for k, name := range names {
					if !m.hasNamespace(name) && m.complete(istio.Namespace) {
						findings = append(findings, found("IST0101", policy.Object, path("spec", "rules", i, "from", j, "source", field, k),
							"namespace %q does not exist", name))
					}
				}
			}
		}
	}
	return findings
}

// hasNamespace looks for a namespace by name, in any case, or by a pattern
// with a star at its start or end.
func (m *Mesh) hasNamespace(pattern string) bool {
	if pattern == "*" || m.namespaces()[pattern] != nil || m.undiscovered[pattern] {
		return true
	}
	for name := range m.namespaces() {
		suffix, fromStart := strings.CutPrefix(pattern, "*")
		prefix, toEnd := strings.CutSuffix(pattern, "*")
		switch {
		case fromStart && strings.HasSuffix(name, suffix),
			!fromStart && toEnd && strings.HasPrefix(name, prefix),
			!fromStart && !toEnd && strings.EqualFold(name, pattern):
			return true
		}
	}
	return false
}
