package validation

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// clientTLS checks how a client side proxy originates TLS.
func (c *checker) clientTLS(at *place, tls *networking.ClientTLSSettings) {
	if tls == nil {
		return
	}
	c.caConfigMap(at.Child("credentialName"), tls.CredentialName)
	simple := tls.Mode == networking.ClientTLSSettings_SIMPLE
	mutual := tls.Mode == networking.ClientTLSSettings_MUTUAL
	if tls.GetInsecureSkipVerify().GetValue() {
		verifies := tls.CaCertificates != "" || len(tls.SubjectAltNames) > 0
		switch {
		case simple && (verifies || tls.CredentialName != ""):
			c.failf(at.Child("insecureSkipVerify"), "the server is not verified, so caCertificates, credentialName and subjectAltNames cannot be set")
		case mutual && verifies:
			c.failf(at.Child("insecureSkipVerify"), "the server is not verified, so caCertificates and subjectAltNames cannot be set")
		}
	}
	if (simple || mutual) && tls.CredentialName != "" {
		if tls.ClientCertificate != "" || tls.CaCertificates != "" || tls.PrivateKey != "" || tls.CaCrl != "" {
			c.failf(at.Child("credentialName"), "certificates come from credentialName, so certificate files and caCrl cannot be set")
		}
		return
	}
	if mutual && tls.ClientCertificate == "" {
		c.failf(at, "mode MUTUAL needs clientCertificate")
	}
	if mutual && tls.PrivateKey == "" {
		c.failf(at, "mode MUTUAL needs privateKey")
	}
}

// caConfigMap checks a credential of the form configmap://NAMESPACE/NAME.
func (c *checker) caConfigMap(at *place, credential string) {
	rest, isConfigMap := strings.CutPrefix(credential, "configmap://")
	if !isConfigMap {
		return
	}
	parts := strings.Split(rest, "/")
	switch {
	case len(parts) < 2 || parts[0] == "" || parts[1] == "":
		c.failf(at, "%q: expected configmap://NAMESPACE/NAME", credential)
	case parts[0] != c.object.Namespace:
		c.failf(at, "%q: the ConfigMap must be in the object's own namespace %q", credential, c.object.Namespace)
	}
}
