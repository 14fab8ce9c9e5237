package analyze

import (
	"maps"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func virtualServiceJWTClaims() Analyzer {
	return Analyzer{
		Name:  "virtualservice.JWTClaimRouteAnalyzer",
		Doc:   "Gateways that route by JWT claims validate the tokens",
		Codes: []string{"IST0149"},
		Needs: []schema.GroupKind{istio.Gateway, istio.Pod, istio.RequestAuthentication, istio.VirtualService},
		Run:   checkJWTClaims,
	}
}

func checkJWTClaims(m *Mesh) []Finding {
	selectors := map[string][]map[string]string{} // of RequestAuthentications, by namespace
	for _, ra := range specs[security.RequestAuthentication](m, istio.RequestAuthentication) {
		selectors[ra.Namespace] = append(selectors[ra.Namespace], ra.Spec.GetSelector().GetMatchLabels())
	}
	validated := func(w *workload) bool {
		return slices.ContainsFunc(slices.Concat(selectors[m.RootNamespace()], selectors[w.Namespace]), func(s map[string]string) bool {
			return istio.Selects(s, w.Labels)
		})
	}
	gatewaySelectors := map[string]map[string]string{}
	for _, gw := range specs[networking.Gateway](m, istio.Gateway) {
		gatewaySelectors[gw.Namespace+"/"+gw.Name] = gw.Spec.GetSelector()
	}
	var findings []Finding
	for _, vs := range specs[networking.VirtualService](m, istio.VirtualService) {
		key, field := jwtClaimKey(vs.Spec)
		if key == "" {
			continue
		}
		for _, name := range vs.Spec.GetGateways() {
			namespace, gateway := splitGatewayName(name, vs.Namespace)
			selector, exists := gatewaySelectors[namespace+"/"+gateway]
			if name == istio.MeshGateway || !exists {
				continue
			}
			for _, w := range m.workloads().selectedAnywhere(selector) {
				if !validated(w) {
					findings = append(findings, found("IST0149", vs.Object, field,
						"routes by %q, but no RequestAuthentication validates tokens at gateway %s/%s (%s)", key, namespace, gateway, w.Key))
				}
			}
		}
	}
	return findings
}

// jwtClaimKey is the first match on a JWT claim in header form, and where it stands.
func jwtClaimKey(vs *networking.VirtualService) (string, resource.FieldPath) {
	for i, route := range vs.GetHttp() {
		for j, match := range route.GetMatch() {
			for _, key := range slices.Sorted(maps.Keys(match.GetHeaders())) {
				if istio.IsJWTClaim(key) {
					return key, path("spec", "http", i, "match", j, "headers", key)
				}
			}
			for _, key := range slices.Sorted(maps.Keys(match.GetWithoutHeaders())) {
				if istio.IsJWTClaim(key) {
					return key, path("spec", "http", i, "match", j, "withoutHeaders", key)
				}
			}
		}
	}
	return "", nil
}
