package analyze

import (
	"slices"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func deprecatedFields() Analyzer {
	return Analyzer{
		Name:  "deprecation.DeprecationAnalyzer",
		Doc:   "Configuration does not use deprecated types and fields",
		Codes: []string{"IST0002"},
		Needs: []schema.GroupKind{istio.CustomResourceDefinition, istio.Sidecar, istio.VirtualService},

		OfParts: true,
		Run:     checkDeprecatedFields,
	}
}

// removedCRD is the part of a CustomResourceDefinition that names its kind.
type removedCRD struct {
	Group string `json:"group"`
	Names struct {
		Kind string `json:"kind"`
	} `json:"names"`
}

func checkDeprecatedFields(m *Mesh) []Finding {
	var findings []Finding
	for _, vs := range specs[networking.VirtualService](m, istio.VirtualService) {
		for i, route := range vs.Spec.GetHttp() {
			if route.GetFault().GetDelay().GetPercent() > 0 { //nolint:staticcheck // the deprecated field is what is looked for
				findings = append(findings, found("IST0002", vs.Object, path("spec", "http", i, "fault", "delay", "percent"),
					"http.fault.delay.percent is deprecated: use percentage.value"))
			}
		}
	}
	for _, s := range specs[networking.Sidecar](m, istio.Sidecar) {
		if s.Spec.GetOutboundTrafficPolicy().GetEgressProxy() != nil {
			findings = append(findings, found("IST0002", s.Object, path("spec", "outboundTrafficPolicy", "egressProxy"),
				"outboundTrafficPolicy.egressProxy is ignored"))
		}
	}
	removed := []string{"ClusterRbacConfig", "RbacConfig", "ServiceRole", "ServiceRoleBinding"}
	if m.Scope == Partial {
		return findings // the peer's file runs do not look into CRDs
	}
	for _, crd := range views[removedCRD](m, istio.CustomResourceDefinition) {
		if crd.Spec.Group == "rbac.istio.io" && slices.Contains(removed, crd.Spec.Names.Kind) {
			findings = append(findings, found("IST0002", crd.Object, path("spec", "names", "kind"),
				"kind %s of rbac.istio.io no longer exists: use AuthorizationPolicy", crd.Spec.Names.Kind))
		}
	}
	return findings
}
