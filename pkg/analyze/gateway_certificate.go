package analyze

import (
	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func gatewayCertificate() Analyzer {
	return Analyzer{
		Name:  "gateway.CertificateAnalyzer",
		Doc:   "Gateways on the same proxies do not share a certificate",
		Codes: []string{"IST0138"},
		Needs: []schema.GroupKind{istio.Gateway},
		Run:   checkSharedCertificates,
	}
}

// certificate identifies a server's certificate: by credential, or by files.
type certificate struct{ credential, file, key string }

func certificateOf(tls *networking.ServerTLSSettings) (certificate, bool) {
	switch {
	case tls.GetCredentialName() != "":
		return certificate{credential: tls.GetCredentialName()}, true
	case tls.GetServerCertificate() != "" && tls.GetPrivateKey() != "":
		return certificate{file: tls.GetServerCertificate(), key: tls.GetPrivateKey()}, true
	}
	return certificate{}, false
}

// checkSharedCertificates compares a gateway with those only that use one of
// its certificates and run on proxies that it runs on too.
func checkSharedCertificates(m *Mesh) []Finding {
	users := map[certificate][]typed[networking.Gateway]{}
	all := specs[networking.Gateway](m, istio.Gateway)
	for _, gw := range all {
		for _, server := range gw.Spec.GetServers() {
			if cert, ok := certificateOf(server.GetTls()); ok {
				users[cert] = append(users[cert], gw)
			}
		}
	}
	var findings []Finding
	for _, gw := range all {
		for _, server := range gw.Spec.GetServers() {
			cert, ok := certificateOf(server.GetTls())
			if !ok {
				continue
			}
			for _, other := range users[cert] {
				if other.Object == gw.Object || !istio.Selects(gw.Spec.GetSelector(), other.Spec.GetSelector()) {
					continue
				}
				findings = append(findings, found("IST0138", gw.Object, path("metadata", "name"),
					"shares a certificate with %s: clients that reuse HTTP/2 connections across their hosts get 404s", other.Key))
			}
		}
	}
	return findings
}
