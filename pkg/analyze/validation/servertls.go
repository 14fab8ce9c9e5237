package validation

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// serverTLS checks how a proxy terminates TLS.
func (c *checker) serverTLS(at *place, tls *networking.ServerTLSSettings) {
	if tls == nil {
		return
	}
	old := tls.MinProtocolVersion == networking.ServerTLSSettings_TLSV1_0 || tls.MinProtocolVersion == networking.ServerTLSSettings_TLSV1_1
	if old && len(tls.CipherSuites) == 0 {
		c.warnf(at.Child("minProtocolVersion"), "the default cipher suites do not work below TLS 1.2; set cipherSuites")
	}
	c.cipherSuites(at.Child("cipherSuites"), tls.CipherSuites)

	switch tls.Mode {
	case networking.ServerTLSSettings_ISTIO_MUTUAL:
		c.meshCertificatesOnly(at, tls)
		return
	case networking.ServerTLSSettings_PASSTHROUGH, networking.ServerTLSSettings_AUTO_PASSTHROUGH:
		if tls.CaCrl != "" || tls.ServerCertificate != "" || tls.PrivateKey != "" || tls.CaCertificates != "" ||
			len(tls.TlsCertificates) > 0 || tls.CredentialName != "" || len(tls.CredentialNames) > 0 {
			c.warnf(at, "mode %v does not use certificates; the ones given are ignored", tls.Mode)
		}
	}
	c.oneCertificateSource(at, tls)
	c.serverCertificates(at, tls)
}

// meshCertificatesOnly checks mode ISTIO_MUTUAL, whose certificates come from the mesh's CA.
func (c *checker) meshCertificatesOnly(at *place, tls *networking.ServerTLSSettings) {
	for _, f := range []struct {
		field string
		set   bool
	}{
		{"serverCertificate", tls.ServerCertificate != ""},
		{"privateKey", tls.PrivateKey != ""},
		{"caCertificates", tls.CaCertificates != ""},
		{"tlsCertificates", len(tls.TlsCertificates) > 0},
		{"credentialName", tls.CredentialName != ""},
		{"credentialNames", len(tls.CredentialNames) > 0},
	} {
		if f.set {
			c.failf(at.Child(f.field), "mode ISTIO_MUTUAL uses the mesh's own certificates; %s cannot be set", f.field)
		}
	}
}

func (c *checker) oneCertificateSource(at *place, tls *networking.ServerTLSSettings) {
	sources := 0
	for _, used := range []bool{
		tls.ServerCertificate != "" && tls.PrivateKey != "",
		tls.CredentialName != "",
		len(tls.CredentialNames) > 0,
		len(tls.TlsCertificates) > 0,
	} {
		if used {
			sources++
		}
	}
	if sources > 1 {
		c.failf(at, "only one of credentialName, credentialNames, tlsCertificates and serverCertificate with privateKey can be set")
	}
}

// serverCertificates checks that the modes that terminate TLS have all that they need.
func (c *checker) serverCertificates(at *place, tls *networking.ServerTLSSettings) {
	simple := tls.Mode == networking.ServerTLSSettings_SIMPLE
	mutual := tls.Mode == networking.ServerTLSSettings_MUTUAL || tls.Mode == networking.ServerTLSSettings_OPTIONAL_MUTUAL
	if (simple || mutual) && (tls.CredentialName != "" || len(tls.CredentialNames) > 0) {
		return // everything is in the Secret
	}
	if mutual && tls.CaCertificates == "" {
		c.failf(at, "mode %v needs caCertificates to verify clients", tls.Mode)
	}
	if (simple || mutual) && len(tls.TlsCertificates) > 2 {
		c.warnf(at.Child("tlsCertificates"), "only two server certificates (RSA and ECDSA) are supported")
	}
	if simple || mutual {
		type pair struct {
			at                   *place
			certificate, private string
		}
		pairs := []pair{{at, tls.ServerCertificate, tls.PrivateKey}}
		if len(tls.TlsCertificates) > 0 {
			pairs = nil
		}
		for i, cert := range tls.TlsCertificates {
			pairs = append(pairs, pair{item(at, "tlsCertificates", i), cert.ServerCertificate, cert.PrivateKey})
		}
		for _, p := range pairs {
			if p.certificate == "" {
				c.failf(p.at, "mode %v needs a server certificate: set credentialName, or serverCertificate and privateKey", tls.Mode)
			}
			if p.private == "" {
				c.failf(p.at, "mode %v needs a private key: set credentialName, or serverCertificate and privateKey", tls.Mode)
			}
		}
	}
	if tls.CaCrl != "" && tls.CredentialName != "" {
		c.failf(at.Child("caCrl"), "with credentialName, the revocation list has to be part of the Secret")
	}
	if tls.CaCrl != "" && simple {
		c.failf(at.Child("caCrl"), "mode SIMPLE does not verify clients and so has no use for a revocation list")
	}
}

func (c *checker) cipherSuites(at *place, suites []string) {
	var unknown, repeated []string
	seen := map[string]bool{}
	for _, suite := range suites {
		switch {
		case !knownCipherSuite(suite):
			unknown = append(unknown, suite)
		case seen[suite]:
			repeated = append(repeated, suite)
		default:
			seen[suite] = true
		}
	}
	if len(unknown) > 0 {
		c.warnf(at, "the proxy does not know these cipher suites and ignores them: %s", join(unknown))
	}
	if len(repeated) > 0 {
		c.warnf(at, "these cipher suites are listed more than once: %s", join(repeated))
	}
}

// join lists each of the names once, sorted.
func join(names []string) string {
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

// knownCipherSuite reports whether Envoy's TLS library has the suite, by its
// OpenSSL name. Expressions such as "-SHA1" are not looked into.
func knownCipherSuite(name string) bool {
	if name == "" || !isAlphanumeric(name[0]) && name[0] < 0x80 {
		return true
	}
	switch name {
	case "ALL",
		"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
		"ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
		"ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
		"ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA",
		"ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES256-SHA",
		"AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA", "AES256-SHA", "DES-CBC3-SHA":
		return true
	}
	return false
}
