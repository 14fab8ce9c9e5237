package istio

import "strings"

// Protocol is a protocol that a port speaks, in lower case. The empty value
// means one that the mesh does not know.
type Protocol string

// Protocols that the mesh knows, as written in the protocol field of a port.
const (
	TCP       Protocol = "tcp"
	UDP       Protocol = "udp"
	GRPC      Protocol = "grpc"
	GRPCWeb   Protocol = "grpc-web"
	HTTP      Protocol = "http"
	HTTPProxy Protocol = "http_proxy"
	HTTP2     Protocol = "http2"
	HTTPS     Protocol = "https"
	TLS       Protocol = "tls"
	Mongo     Protocol = "mongo"
	Redis     Protocol = "redis"
	MySQL     Protocol = "mysql"
)

// ParseProtocol reads a protocol in any case.
func ParseProtocol(s string) Protocol {
	switch p := Protocol(strings.ToLower(s)); p {
	case TCP, UDP, GRPC, GRPCWeb, HTTP, HTTPProxy, HTTP2, HTTPS, TLS, Mongo, Redis, MySQL:
		return p
	}
	return ""
}

// Known reports whether the mesh knows the protocol.
func (p Protocol) Known() bool { return p != "" }

// IsHTTP reports whether requests can be routed one by one.
func (p Protocol) IsHTTP() bool {
	switch p {
	case HTTP, HTTP2, HTTPProxy, GRPC, GRPCWeb:
		return true
	}
	return false
}

// IsTLS reports whether connections start with a TLS handshake.
func (p Protocol) IsTLS() bool { return p == HTTPS || p == TLS }

// IsTCP reports whether only connections can be routed.
func (p Protocol) IsTCP() bool {
	switch p {
	case TCP, HTTPS, TLS, Mongo, Redis, MySQL:
		return true
	}
	return false
}

// ServicePortProtocol is the protocol of a Service's port: its appProtocol if
// set, else the part of its name before the first "-". Ports of protocols in
// which the server speaks first are TCP unless they say otherwise.
func ServicePortProtocol(number int32, name, transport string, appProtocol *string) Protocol {
	if strings.EqualFold(transport, "UDP") {
		return UDP
	}
	if appProtocol != nil {
		name = *appProtocol
		// Names that Kubernetes itself reserves.
		switch name {
		case "kubernetes.io/h2c":
			return HTTP2
		case "kubernetes.io/ws":
			return HTTP
		case "kubernetes.io/wss":
			return HTTPS
		}
	}
	if len(name) >= len(GRPCWeb) && strings.EqualFold(name[:len(GRPCWeb)], string(GRPCWeb)) {
		return GRPCWeb
	}
	prefix, _, _ := strings.Cut(name, "-")
	if p := ParseProtocol(prefix); p.Known() {
		return p
	}
	switch number {
	case 25, 53, 3306, 27017: // SMTP, DNS, MySQL, MongoDB
		return TCP
	}
	return ""
}
