package analyze

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func requestAuthenticationBlockedCIDRs() Analyzer {
	return Analyzer{
		Name:  "authn.BlockedCIDRsAnalyzer",
		Doc:   "istiod does not fetch JWT keys from just anywhere",
		Codes: []string{"IST0175"},
		Needs: []schema.GroupKind{istio.Deployment, istio.RequestAuthentication},
		Run:   checkBlockedCIDRs,
	}
}

func checkBlockedCIDRs(m *Mesh) []Finding {
	authentications := m.Of(istio.RequestAuthentication)
	if len(authentications) == 0 {
		return nil
	}
	const shown = 5
	names := objectNames(authentications)
	list := strings.Join(names[:min(shown, len(names))], ", ")
	if len(names) > shown {
		list += fmt.Sprintf(" and %d more", len(names)-shown)
	}
	var findings []Finding
	for _, d := range views[controllerSpec](m, istio.Deployment) {
		if d.Labels["app"] != "istiod" || slices.ContainsFunc(d.Spec.Template.Spec.Containers, blocksCIDRs) {
			continue
		}
		findings = append(findings, found("IST0175", d.Object, path("spec", "template", "spec", "containers"),
			"BLOCKED_CIDRS_IN_JWKS_URIS is not set, so that the RequestAuthentications %s may make istiod fetch from internal addresses", list))
	}
	return findings
}

func blocksCIDRs(c container) bool {
	return slices.ContainsFunc(c.Env, func(e envVar) bool { return e.Name == "BLOCKED_CIDRS_IN_JWKS_URIS" && e.Value != "" })
}
