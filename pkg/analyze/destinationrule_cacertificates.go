package analyze

import (
	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func destinationRuleCACertificates() Analyzer {
	return Analyzer{
		Name:  "destinationrule.CaCertificateAnalyzer",
		Doc:   "DestinationRules that set up TLS verify the server",
		Codes: []string{"IST0128", "IST0129"},
		Needs: []schema.GroupKind{istio.DestinationRule},
		Run:   checkCACertificates,
	}
}

func checkCACertificates(m *Mesh) []Finding {
	var findings []Finding
	for _, rule := range specs[networking.DestinationRule](m, istio.DestinationRule) {
		policy := rule.Spec.GetTrafficPolicy()
		if tls := policy.GetTls(); trustsAnyServer(tls, rule.Spec) {
			findings = append(findings, found("IST0128", rule.Object, path("spec", "trafficPolicy", "tls"),
				"TLS mode %s for host %q without caCertificates: any server certificate is accepted", tls.GetMode(), rule.Spec.GetHost()))
		}
		for i, port := range policy.GetPortLevelSettings() {
			if tls := port.GetTls(); trustsAnyServer(tls, rule.Spec) {
				findings = append(findings, found("IST0129", rule.Object, path("spec", "trafficPolicy", "portLevelSettings", i, "tls"),
					"TLS mode %s for port %d of host %q without caCertificates: any server certificate is accepted",
					tls.GetMode(), port.GetPort().GetNumber(), rule.Spec.GetHost()))
			}
		}
	}
	return findings
}

// trustsAnyServer reports whether TLS is set up without a CA. A credential
// brings its own CA, but sidecars read it only for rules with a selector.
func trustsAnyServer(tls *networking.ClientTLSSettings, rule *networking.DestinationRule) bool {
	switch tls.GetMode() {
	case networking.ClientTLSSettings_SIMPLE, networking.ClientTLSSettings_MUTUAL:
		return tls.GetCaCertificates() == "" && (tls.GetCredentialName() == "" || rule.GetWorkloadSelector() == nil)
	}
	return false
}
