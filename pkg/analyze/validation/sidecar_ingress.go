package validation

import (
	"net"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/istio"
)

func (c *checker) ingressListeners(at *place, listeners []*networking.IstioIngressListener) {
	taken := map[uint32]bool{}
	for i, l := range listeners {
		at := item(at, "ingress", i)
		if l.Port == nil {
			c.failf(at, "an ingress listener needs a port")
			continue
		}
		c.sidecarPort(at.Child("port"), l.Port)
		c.must(at.Child("port").Child("number"), portNumber(l.Port.Number))
		if l.Bind != "" {
			c.must(at.Child("bind"), ipAddress(l.Bind))
		}
		if taken[l.Port.Number] {
			c.failf(at.Child("port").Child("number"), "another listener has the same port")
		}
		taken[l.Port.Number] = true
		if l.DefaultEndpoint != "" {
			c.defaultEndpoint(at.Child("defaultEndpoint"), l.DefaultEndpoint)
		}
		if l.Tls != nil {
			c.ingressTLS(at, l)
		}
		c.connectionPool(at.Child("connectionPool"), l.ConnectionPool)
		if l.ConnectionPool.GetHttp() != nil && !istio.ParseProtocol(l.Port.Protocol).IsHTTP() {
			c.warnf(at.Child("connectionPool").Child("http"), "port %d (%q) speaks %s, so the http settings have no effect",
				l.Port.Number, l.Port.Name, l.Port.Protocol)
		}
	}
}

// sidecarPort checks what ports of ingress and egress listeners have in common.
func (c *checker) sidecarPort(at *place, port *networking.SidecarPort) {
	if port.TargetPort > 0 { //nolint:staticcheck // deprecated, which is the point
		c.failf(at.Child("targetPort"), "targetPort means nothing in a Sidecar")
	}
	if port.Name != "" {
		c.must(at.Child("name"), portName(port.Name))
	}
	c.must(at.Child("protocol"), portProtocol(port.Protocol))
}

// defaultEndpoint checks where a listener passes traffic on to: a socket or a
// port of this host.
func (c *checker) defaultEndpoint(at *place, endpoint string) {
	if socket, isSocket := strings.CutPrefix(endpoint, unixPrefix); isSocket {
		c.must(at, unixSocket(socket))
		return
	}
	host, port, err := net.SplitHostPort(endpoint)
	if err != nil {
		c.failf(at, "%q is not an address with a port: %v", endpoint, err)
	}
	switch host {
	case "", "127.0.0.1", "0.0.0.0", "::1", "::":
	default:
		c.failf(at, "must be 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix://PATH")
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		c.failf(at, "the port %q is not a number", port)
		return
	}
	c.must(at, portNumber(number))
}

func (c *checker) ingressTLS(at *place, l *networking.IstioIngressListener) {
	tls := l.Tls
	at = at.Child("tls")
	for _, f := range []struct {
		field string
		set   bool
	}{
		{"subjectAltNames", len(tls.SubjectAltNames) > 0},
		{"httpsRedirect", tls.HttpsRedirect},
		{"credentialName", tls.CredentialName != ""},
		{"credentialNames", len(tls.CredentialNames) > 0},
		{"tlsCertificates", len(tls.TlsCertificates) > 0},
	} {
		if f.set {
			c.failf(at.Child(f.field), "%s is not supported in a Sidecar", f.field)
		}
	}
	if tls.Mode == networking.ServerTLSSettings_ISTIO_MUTUAL || tls.Mode == networking.ServerTLSSettings_AUTO_PASSTHROUGH {
		c.failf(at.Child("mode"), "mode %v is not supported in a Sidecar", tls.Mode)
	}
	if !istio.ParseProtocol(l.Port.Protocol).IsTLS() {
		c.failf(at, "only a port of HTTPS or TLS can have tls settings")
	}
	c.serverTLS(at, tls)
}
