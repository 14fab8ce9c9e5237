package analyze

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func gatewaySecret() Analyzer {
	return Analyzer{
		Name:  "gateway.SecretAnalyzer",
		Doc:   "Credentials of Gateways exist and hold a usable certificate",
		Codes: []string{"IST0101", "IST0161"},
		Needs: []schema.GroupKind{istio.Gateway, istio.Pod, istio.Secret},
		Run:   checkGatewaySecrets,
	}
}

func checkGatewaySecrets(m *Mesh) []Finding {
	var findings []Finding
	for _, gw := range specs[networking.Gateway](m, istio.Gateway) {
		selected := m.workloads().selectedAnywhere(gw.Spec.GetSelector())
		if len(selected) == 0 {
			if m.knowsGatewayPods() {
				findings = append(findings, missingSelector(gw.Object, gw.Spec.GetSelector(), path("spec", "selector")))
			}
			continue
		}
		// Proxies read Secrets of their own namespace.
		namespace := selected[0].Namespace
		for i, server := range gw.Spec.GetServers() {
			name := server.GetTls().GetCredentialName()
			if name == "" {
				continue
			}
			field := path("spec", "servers", i, "tls", "credentialName")
			ns, secretName := splitGatewayName(name, namespace)
			secret := m.Get(istio.Secret, ns, secretName)
			if secret == nil {
				if m.complete(istio.Secret) {
					findings = append(findings, found("IST0101", gw.Object, field, "credential %q does not exist: there is no such Secret in namespace %s", name, ns))
				}
				continue
			}
			if err := checkCertificate(secret, time.Now()); err != nil {
				findings = append(findings, found("IST0161", gw.Object, field, "the Secret %s/%s cannot be used as credential: %v", ns, secretName, err))
			}
		}
	}
	return findings
}

// Credentials lists the Secrets that Gateways refer to.
func (m *Mesh) Credentials() []resource.Key {
	var keys []resource.Key
	for _, gw := range specs[networking.Gateway](m, istio.Gateway) {
		selected := m.workloads().selectedAnywhere(gw.Spec.GetSelector())
		for _, server := range gw.Spec.GetServers() {
			if name := server.GetTls().GetCredentialName(); name != "" && len(selected) > 0 {
				namespace, secret := splitGatewayName(name, selected[0].Namespace)
				keys = append(keys, resource.Key{GroupKind: istio.Secret, Namespace: namespace, Name: secret})
			}
		}
	}
	slices.SortFunc(keys, func(a, b resource.Key) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(keys)
}

// checkCertificate looks for a certificate and key under the names that
// gateways read. It never shows any of their content.
func checkCertificate(secret *resource.Object, now time.Time) error {
	var data, plain map[string][]byte
	if err := json.Unmarshal(orEmpty(secret.Raw("data")), &data); err != nil {
		return fmt.Errorf("its data is not base64")
	}
	var text map[string]string
	_ = json.Unmarshal(orEmpty(secret.Raw("stringData")), &text) // a wrong type is the schema's business
	plain = map[string][]byte{}
	for key, value := range data {
		plain[key] = value
	}
	for key, value := range text {
		plain[key] = []byte(value)
	}
	for _, keys := range [][2]string{{"cert", "key"}, {"tls.crt", "tls.key"}} {
		if len(plain[keys[0]]) > 0 && len(plain[keys[1]]) > 0 {
			return checkPEM(plain[keys[0]], now)
		}
	}
	return fmt.Errorf("it has neither tls.crt and tls.key nor cert and key")
}

func orEmpty(raw []byte) []byte {
	if raw == nil {
		return []byte("{}")
	}
	return raw
}

func checkPEM(text []byte, now time.Time) error {
	block, _ := pem.Decode(text)
	if block == nil {
		return fmt.Errorf("its certificate is not in PEM format")
	}
	certificates, err := x509.ParseCertificates(block.Bytes)
	if err != nil {
		return fmt.Errorf("its certificate cannot be parsed")
	}
	for _, c := range certificates {
		switch {
		case now.After(c.NotAfter):
			return fmt.Errorf("its certificate expired on %s", c.NotAfter.Format(time.DateOnly))
		case now.Before(c.NotBefore):
			return fmt.Errorf("its certificate is not valid before %s", c.NotBefore.Format(time.DateOnly))
		}
	}
	return nil
}
