package validation

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/istio"
)

func (c *checker) gateway(at *place, g *networking.Gateway) {
	if !isDNSLabel(c.object.Name) {
		c.failf((&place{name: "metadata"}).Child("name"), "%q cannot be the name of a Gateway: it must be a DNS label, without dots", c.object.Name)
	}
	if len(g.Servers) == 0 {
		c.failf(at, "a Gateway needs at least one server")
	}
	names := map[string]bool{}
	for i, server := range g.Servers {
		at := item(at, "servers", i)
		c.server(at, server)
		if server.Port == nil {
			continue
		}
		name := server.Port.Name
		if names[name] {
			c.failf(at.Child("port").Child("name"), "another server's port has the name %q already", name)
		}
		names[name] = true
		if server.GetTls().GetHttpsRedirect() && !istio.ParseProtocol(server.Port.Protocol).IsHTTP() {
			c.warnf(at.Child("tls").Child("httpsRedirect"), "only a server of plain HTTP can redirect to HTTPS")
		}
	}
}

func (c *checker) server(at *place, server *networking.Server) {
	if len(server.Hosts) == 0 {
		c.failf(at, "a server needs at least one host")
	}
	for i, host := range server.Hosts {
		c.gatewayHost(item(at, "hosts", i), host)
	}
	portValid := c.serverPort(at, server.Port, server.Bind)
	c.bind(at, server)
	c.serverTLS(at.Child("tls"), server.Tls)
	if portValid {
		c.serverTLSFitsPort(at, server)
	}
}

func (c *checker) serverPort(at *place, port *networking.Port, bind string) (valid bool) {
	if port == nil {
		c.failf(at, "a server needs a port")
		return false
	}
	before := len(c.issues)
	at = at.Child("port")
	if !istio.ParseProtocol(port.Protocol).Known() {
		c.failf(at.Child("protocol"), "the mesh does not know the protocol %q: use HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, MYSQL or REDIS", port.Protocol)
	}
	if port.Number > 0 || !strings.HasPrefix(bind, unixPrefix) {
		c.must(at.Child("number"), portNumber(port.Number))
	}
	if port.TargetPort > 0 { //nolint:staticcheck // deprecated, which is the point
		c.failf(at.Child("targetPort"), "targetPort means nothing in a Gateway")
	}
	if port.Name == "" {
		c.failf(at, "the port %d (%s) needs a name", port.Number, port.Protocol)
	}
	return len(c.issues) == before
}

func (c *checker) bind(at *place, server *networking.Server) {
	socket, isSocket := strings.CutPrefix(server.Bind, unixPrefix)
	switch {
	case isSocket:
		c.must(at.Child("bind"), unixSocket(socket))
		if server.GetPort().GetNumber() != 0 {
			c.failf(at.Child("port").Child("number"), "a Unix domain socket has no port; the number must be 0")
		}
	case server.Bind != "":
		c.must(at.Child("bind"), ipAddress(server.Bind))
	}
}

// serverTLSFitsPort checks that TLS is set up if, and only if, the port's protocol has it.
func (c *checker) serverTLSFitsPort(at *place, server *networking.Server) {
	protocol := istio.ParseProtocol(server.Port.Protocol)
	tls := server.Tls
	switch {
	case protocol.IsTLS() && tls == nil:
		c.failf(at, "a server of HTTPS or TLS needs tls settings")
	case protocol.IsTLS() || tls == nil:
	case !protocol.IsHTTP():
		c.failf(at.Child("tls"), "only a port of HTTPS or TLS can have tls settings")
	case tls.Mode != networking.ServerTLSSettings_PASSTHROUGH && tls.Mode != networking.ServerTLSSettings_AUTO_PASSTHROUGH,
		tls.CaCertificates != "", tls.PrivateKey != "", tls.ServerCertificate != "":
		c.failf(at.Child("tls"), "a port of plain HTTP cannot have tls settings other than httpsRedirect")
	}
}
