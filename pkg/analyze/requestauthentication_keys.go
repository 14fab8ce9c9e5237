package analyze

import (
	"strings"

	security "istio.io/api/security/v1beta1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func requestAuthenticationKeys() Analyzer {
	return Analyzer{
		Name:  "authn.KeyTransportAnalyzer",
		Doc:   "Keys of JWT rules come over TLS",
		Codes: []string{"MSH0121"},
		Needs: []schema.GroupKind{istio.RequestAuthentication},
		Run:   checkKeyTransport,
	}
}

// checkKeyTransport finds rules whose keys istiod fetches over plain HTTP. It is
// no part of the mesh while it does: nothing encrypts that on the way.
func checkKeyTransport(m *Mesh) []Finding {
	var findings []Finding
	for _, r := range specs[security.RequestAuthentication](m, istio.RequestAuthentication) {
		for i, rule := range r.Spec.GetJwtRules() {
			if strings.HasPrefix(strings.ToLower(rule.GetJwksUri()), "http://") && rule.GetJwks() == "" {
				findings = append(findings, found("MSH0121", r.Object, path("spec", "jwtRules", i, "jwksUri"),
					"the keys for issuer %q are fetched from %s without TLS: who can change them on the way can sign tokens", rule.GetIssuer(), rule.GetJwksUri()))
			}
		}
	}
	return findings
}
