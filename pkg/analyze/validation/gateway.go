package validation

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// Gateway checks a Gateway with a given name.
func Gateway(gw *networking.Gateway, name string) []Problem {
	r := &report{}
	if !isLabel(name) {
		r.errorf(resource.FieldPath{"metadata", "name"}, "the name of a Gateway must be a DNS label, not %q", name)
	}
	if len(gw.GetServers()) == 0 {
		r.errorf(spec(), "a Gateway needs a server")
	}
	ports := map[string]bool{}
	for i, server := range gw.GetServers() {
		at := sub(spec(), "servers", i)
		if server == nil {
			r.errorf(at, "a server must not be null")
			continue
		}
		r.server(at, server)
		port := server.GetPort()
		if port == nil {
			continue
		}
		if ports[port.GetName()] {
			r.errorf(sub(at, "port", "name"), "two servers have the port name %q", port.GetName())
		}
		ports[port.GetName()] = true
		if server.GetTls().GetHttpsRedirect() && !istio.ParseProtocol(port.GetProtocol()).IsHTTP() {
			r.warnf(sub(at, "tls", "httpsRedirect"), "httpsRedirect has an effect on HTTP servers only")
		}
	}
	return r.problems
}

func (r *report) server(at resource.FieldPath, server *networking.Server) {
	if len(server.GetHosts()) == 0 {
		r.errorf(at, "a server needs hosts")
	}
	for i, host := range server.GetHosts() {
		r.scopedHost(sub(at, "hosts", i), host, true)
	}
	before := len(r.problems)
	r.serverPort(sub(at, "port"), server.GetPort(), server.GetBind())
	portIsValid := len(r.problems) == before
	r.bind(sub(at, "bind"), server.GetBind(), server.GetPort())
	r.serverTLS(sub(at, "tls"), server.GetTls())
	if portIsValid {
		r.tlsFitsProtocol(sub(at, "tls"), server)
	}
}

func (r *report) tlsFitsProtocol(at resource.FieldPath, server *networking.Server) {
	protocol, tls := istio.ParseProtocol(server.GetPort().GetProtocol()), server.GetTls()
	passthrough := tls.GetMode() == networking.ServerTLSSettings_PASSTHROUGH || tls.GetMode() == networking.ServerTLSSettings_AUTO_PASSTHROUGH
	switch {
	case protocol.IsTLS() && tls == nil:
		r.errorf(at, "a server of protocol %s needs tls settings", server.GetPort().GetProtocol())
	case protocol.IsTLS() || tls == nil:
	case !protocol.IsHTTP():
		r.errorf(at, "a server of protocol %s cannot have tls settings", server.GetPort().GetProtocol())
	case !passthrough || tls.GetCaCertificates() != "" || tls.GetPrivateKey() != "" || tls.GetServerCertificate() != "":
		r.errorf(at, "a server of protocol %s can have no tls settings but httpsRedirect", server.GetPort().GetProtocol())
	}
}

// scopedHost checks a host of the form "namespace/host", where the namespace
// can be "*" or ".". Gateways may leave the namespace out.
func (r *report) scopedHost(at resource.FieldPath, text string, gateway bool) {
	namespace, host, ok := strings.Cut(text, "/")
	if !ok {
		if !gateway {
			r.errorf(at, "%q is not of the form namespace/host", text)
			return
		}
		r.servedHost(at, text, gateway)
		return
	}
	if namespace == "" || host == "" {
		r.errorf(at, "a host has the form namespace/host, and neither part can be empty")
	}
	if !gateway {
		namespace = strings.TrimPrefix(namespace, "~") // excludes a namespace
	}
	if namespace != "*" && namespace != "." && (gateway || namespace != "") && !isLabel(namespace) {
		r.errorf(at, "%q cannot be a namespace", namespace)
	}
	r.servedHost(at, host, gateway)
}

func (r *report) servedHost(at resource.FieldPath, host string, gateway bool) {
	if host != "*" && !strings.Contains(host, ".") {
		r.errorf(at, "short names are not allowed: write the full name of the host")
	}
	if err := checkDomain(host); err != nil {
		if !gateway {
			r.check(at, err)
		} else if !isIP(host) {
			r.check(at, err)
		}
	}
	r.check(at, checkNoPartialWildcard(host))
}

func (r *report) serverPort(at resource.FieldPath, port *networking.Port, bind string) {
	if port == nil {
		r.errorf(at, "a server needs a port")
		return
	}
	if p := istio.ParseProtocol(port.GetProtocol()); !p.Known() {
		r.errorf(sub(at, "protocol"), "%q is not a protocol that gateways know: use HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, MONGO, REDIS, MYSQL, TCP or TLS", port.GetProtocol())
	}
	if port.GetNumber() > 0 || !strings.HasPrefix(bind, unixPrefix) {
		r.check(sub(at, "number"), checkPort(int(port.GetNumber())))
	}
	if port.GetTargetPort() > 0 { //nolint:staticcheck // the deprecated field is what is looked for
		r.errorf(sub(at, "targetPort"), "targetPort has no effect here")
	}
	if port.GetName() == "" {
		r.errorf(sub(at, "name"), "port %d needs a name", port.GetNumber())
	}
}

func (r *report) bind(at resource.FieldPath, bind string, port *networking.Port) {
	if path, ok := strings.CutPrefix(bind, unixPrefix); ok {
		r.check(at, checkSocketPath(path))
		if port.GetNumber() != 0 {
			r.errorf(at, "a Unix domain socket has no port: set the number to 0, not %d", port.GetNumber())
		}
	} else if bind != "" {
		r.check(at, checkIP(bind))
	}
}

func (r *report) serverTLS(at resource.FieldPath, tls *networking.ServerTLSSettings) {
	if tls == nil {
		return
	}
	r.ciphers(at, tls)
	if tls.GetMode() == networking.ServerTLSSettings_ISTIO_MUTUAL {
		for field, set := range map[string]bool{
			"serverCertificate": tls.GetServerCertificate() != "",
			"privateKey":        tls.GetPrivateKey() != "",
			"caCertificates":    tls.GetCaCertificates() != "",
			"tlsCertificates":   len(tls.GetTlsCertificates()) > 0,
			"credentialName":    tls.GetCredentialName() != "",
			"credentialNames":   len(tls.GetCredentialNames()) > 0,
		} {
			if set {
				r.errorf(sub(at, field), "mode ISTIO_MUTUAL uses the mesh's own certificates: %s cannot be set", field)
			}
		}
		return
	}
	r.certificates(at, tls)
}

func (r *report) certificates(at resource.FieldPath, tls *networking.ServerTLSSettings) {
	files := tls.GetServerCertificate() != "" || tls.GetPrivateKey() != ""
	credential := tls.GetCredentialName() != "" || len(tls.GetCredentialNames()) > 0
	switch tls.GetMode() {
	case networking.ServerTLSSettings_PASSTHROUGH, networking.ServerTLSSettings_AUTO_PASSTHROUGH:
		if tls.GetCaCrl() != "" || files || tls.GetCaCertificates() != "" || len(tls.GetTlsCertificates()) > 0 || credential {
			r.warnf(at, "mode %s uses no certificates: they are ignored", tls.GetMode())
		}
	}
	sources := 0
	for _, used := range []bool{
		tls.GetServerCertificate() != "" && tls.GetPrivateKey() != "",
		tls.GetCredentialName() != "", len(tls.GetCredentialNames()) > 0, len(tls.GetTlsCertificates()) > 0,
	} {
		if used {
			sources++
		}
	}
	if sources > 1 {
		r.errorf(at, "only one of credentialName, credentialNames, serverCertificate with privateKey, and tlsCertificates can be set")
	}
	simple := tls.GetMode() == networking.ServerTLSSettings_SIMPLE
	mutual := tls.GetMode() == networking.ServerTLSSettings_MUTUAL || tls.GetMode() == networking.ServerTLSSettings_OPTIONAL_MUTUAL
	if (simple || mutual) && credential {
		return // the credential brings all that is needed
	}
	if simple || mutual {
		r.certificateFiles(at, tls, mutual)
	}
	if tls.GetCaCrl() != "" {
		if tls.GetCredentialName() != "" {
			r.errorf(sub(at, "caCrl"), "with credentialName the revocation list belongs into the credential")
		}
		if simple {
			r.errorf(sub(at, "caCrl"), "mode SIMPLE has no client certificates that could be revoked")
		}
	}
}

func (r *report) certificateFiles(at resource.FieldPath, tls *networking.ServerTLSSettings, mutual bool) {
	if mutual && tls.GetCaCertificates() == "" {
		r.errorf(at, "mode %s needs caCertificates to verify clients", tls.GetMode())
	}
	pairs := tls.GetTlsCertificates()
	if len(pairs) > 2 {
		r.warnf(sub(at, "tlsCertificates"), "mode %s supports two certificates", tls.GetMode())
	}
	if len(pairs) == 0 {
		pairs = []*networking.ServerTLSSettings_TLSCertificate{{ServerCertificate: tls.GetServerCertificate(), PrivateKey: tls.GetPrivateKey()}}
	}
	for _, pair := range pairs {
		if pair.GetServerCertificate() == "" {
			r.errorf(at, "mode %s needs a server certificate", tls.GetMode())
		}
		if pair.GetPrivateKey() == "" {
			r.errorf(at, "mode %s needs a private key", tls.GetMode())
		}
	}
}

func (r *report) ciphers(at resource.FieldPath, tls *networking.ServerTLSSettings) {
	switch tls.GetMinProtocolVersion() {
	case networking.ServerTLSSettings_TLSV1_0, networking.ServerTLSSettings_TLSV1_1:
		if len(tls.GetCipherSuites()) == 0 {
			r.warnf(sub(at, "minProtocolVersion"), "%s needs cipherSuites: the default ones do not work with it", tls.GetMinProtocolVersion())
		}
	}
	var unknown, repeated []string
	seen := map[string]bool{}
	for _, suite := range tls.GetCipherSuites() {
		switch {
		case !knownCipher(suite):
			unknown = append(unknown, suite)
		case seen[suite]:
			repeated = append(repeated, suite)
		}
		seen[suite] = true
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		r.warnf(sub(at, "cipherSuites"), "unknown cipher suites are ignored: %s", fmt.Sprint(slices.Compact(unknown)))
	}
	if len(repeated) > 0 {
		slices.Sort(repeated)
		r.warnf(sub(at, "cipherSuites"), "repeated cipher suites are ignored: %s", fmt.Sprint(slices.Compact(repeated)))
	}
}

// knownCipher knows the cipher suites of BoringSSL by OpenSSL's names.
func knownCipher(suite string) bool {
	switch suite {
	case "", "ALL",
		"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
		"ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA",
		"ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES256-SHA", "AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA", "AES256-SHA", "DES-CBC3-SHA":
		return true
	}
	// An expression with an operator, such as "[A|B]" or "-C".
	first := suite[0]
	return !('0' <= first && first <= '9' || 'a' <= first && first <= 'z' || 'A' <= first && first <= 'Z')
}
