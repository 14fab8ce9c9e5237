package validation

import (
	"net"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// Sidecar checks a Sidecar of a namespace.
func Sidecar(sidecar *networking.Sidecar, namespace string) []Problem {
	r := &report{}
	if !r.workloadSelector(sidecar.GetWorkloadSelector()) {
		return r.problems
	}
	if len(sidecar.GetEgress()) == 0 && len(sidecar.GetIngress()) == 0 && sidecar.GetOutboundTrafficPolicy() == nil && sidecar.GetInboundConnectionPool() == nil {
		r.problems = nil
		r.errorf(spec(), "a Sidecar must not be empty")
		return r.problems
	}
	ports := map[uint32]bool{}
	for i, listener := range sidecar.GetIngress() {
		r.ingress(sub(spec(), "ingress", i), listener, ports)
	}
	r.connectionPool(sub(spec(), "inboundConnectionPool"), sidecar.GetInboundConnectionPool())
	r.egress(sidecar.GetEgress(), namespace)
	r.outboundPolicy(sub(spec(), "outboundTrafficPolicy"), sidecar.GetOutboundTrafficPolicy())
	return r.problems
}

func (r *report) ingress(at resource.FieldPath, listener *networking.IstioIngressListener, ports map[uint32]bool) {
	if listener == nil {
		r.errorf(at, "a listener must not be null")
		return
	}
	port := listener.GetPort()
	if port == nil {
		r.errorf(at, "an ingress listener needs a port")
		return
	}
	r.noTargetPort(at, port)
	r.sidecarPort(sub(at, "port"), port, listener.GetBind(), sub(at, "bind"))
	r.uniquePort(at, port, ports)
	if endpoint := listener.GetDefaultEndpoint(); endpoint != "" {
		r.defaultEndpoint(sub(at, "defaultEndpoint"), endpoint)
	}
	if listener.GetTls() != nil {
		r.ingressTLS(sub(at, "tls"), listener.GetTls(), port)
	}
	r.connectionPool(sub(at, "connectionPool"), listener.GetConnectionPool())
	if listener.GetConnectionPool().GetHttp() != nil && !istio.ParseProtocol(port.GetProtocol()).IsHTTP() {
		r.warnf(sub(at, "connectionPool", "http"), "http settings have no effect on port %d, whose protocol is %q", port.GetNumber(), port.GetProtocol())
	}
}

func (r *report) noTargetPort(at resource.FieldPath, port *networking.SidecarPort) {
	if port.GetTargetPort() > 0 { //nolint:staticcheck // the deprecated field is what is looked for
		r.errorf(sub(at, "port", "targetPort"), "targetPort has no effect here")
	}
}

func (r *report) uniquePort(at resource.FieldPath, port *networking.SidecarPort, ports map[uint32]bool) {
	if ports[port.GetNumber()] {
		r.errorf(sub(at, "port", "number"), "two listeners have the same port")
	}
	ports[port.GetNumber()] = true
}

func (r *report) sidecarPort(at resource.FieldPath, port *networking.SidecarPort, bind string, bindAt resource.FieldPath) {
	if port.GetName() != "" {
		r.check(sub(at, "name"), checkPortName(port.GetName()))
	}
	r.protocol(sub(at, "protocol"), port.GetProtocol())
	r.check(sub(at, "number"), checkPort(int(port.GetNumber())))
	if bind != "" {
		r.check(bindAt, checkIP(bind))
	}
}

func (r *report) defaultEndpoint(at resource.FieldPath, endpoint string) {
	if path, ok := strings.CutPrefix(endpoint, unixPrefix); ok {
		r.check(at, checkSocketPath(path))
		return
	}
	host, portText, err := net.SplitHostPort(endpoint)
	if err != nil {
		r.errorf(at, "%q is not of the form ADDRESS:PORT", endpoint)
	}
	switch host {
	case "", "127.0.0.1", "0.0.0.0", "::1", "::":
	default:
		r.errorf(at, "the address of defaultEndpoint must be 127.0.0.1, 0.0.0.0, [::1] or [::], or a unix:// path, not %q", host)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		r.errorf(at, "the port %q of defaultEndpoint is not a number", portText)
		return
	}
	r.check(at, checkPort(port))
}

func (r *report) ingressTLS(at resource.FieldPath, tls *networking.ServerTLSSettings, port *networking.SidecarPort) {
	for field, set := range map[string]bool{
		"subjectAltNames": len(tls.GetSubjectAltNames()) > 0,
		"httpsRedirect":   tls.GetHttpsRedirect(),
		"credentialName":  tls.GetCredentialName() != "",
		"credentialNames": len(tls.GetCredentialNames()) > 0,
		"tlsCertificates": len(tls.GetTlsCertificates()) > 0,
	} {
		if set {
			r.errorf(sub(at, field), "%s is not supported in the tls settings of a Sidecar", field)
		}
	}
	switch tls.GetMode() {
	case networking.ServerTLSSettings_ISTIO_MUTUAL, networking.ServerTLSSettings_AUTO_PASSTHROUGH:
		r.errorf(sub(at, "mode"), "mode %s is not supported in the tls settings of a Sidecar", tls.GetMode())
	}
	if !istio.ParseProtocol(port.GetProtocol()).IsTLS() {
		r.errorf(at, "a listener of protocol %q cannot have tls settings", port.GetProtocol())
	}
	r.serverTLS(at, tls)
}

func (r *report) egress(listeners []*networking.IstioEgressListener, namespace string) {
	ports, sockets := map[uint32]bool{}, map[string]bool{}
	catchAll := false
	for i, listener := range listeners {
		at := sub(spec(), "egress", i)
		if listener == nil {
			r.errorf(at, "a listener must not be null")
			continue
		}
		switch port := listener.GetPort(); {
		case port == nil && catchAll:
			r.errorf(at, "only one egress listener can be without a port")
			continue
		case port == nil && i < len(listeners)-1:
			r.errorf(at, "the egress listener without a port must be the last one")
		case port == nil:
			catchAll = true
		default:
			r.noTargetPort(at, port)
			r.egressPort(at, listener)
			if port.GetNumber() != 0 {
				r.uniquePort(at, port, ports)
			} else if sockets[listener.GetBind()] {
				r.errorf(sub(at, "bind"), "two listeners have the same Unix domain socket")
			} else {
				sockets[listener.GetBind()] = true
			}
		}
		r.egressHosts(at, listener.GetHosts(), namespace)
	}
}

func (r *report) egressPort(at resource.FieldPath, listener *networking.IstioEgressListener) {
	port, bind := listener.GetPort(), listener.GetBind()
	if port.GetNumber() != 0 {
		r.sidecarPort(sub(at, "port"), port, bind, sub(at, "bind"))
		return
	}
	if port.GetName() != "" {
		r.check(sub(at, "port", "name"), checkPortName(port.GetName()))
	}
	r.protocol(sub(at, "port", "protocol"), port.GetProtocol())
	if path, ok := strings.CutPrefix(bind, unixPrefix); ok {
		r.check(sub(at, "bind"), checkSocketPath(path))
	} else {
		r.errorf(sub(at, "bind"), "a listener with port 0 needs a unix:// address to bind to")
	}
	switch listener.GetCaptureMode() {
	case networking.CaptureMode_DEFAULT, networking.CaptureMode_NONE:
	default:
		r.errorf(sub(at, "captureMode"), "a Unix domain socket needs captureMode DEFAULT or NONE")
	}
}

func (r *report) egressHosts(at resource.FieldPath, hosts []string, namespace string) {
	if len(hosts) == 0 {
		r.errorf(at, "an egress listener needs hosts")
		return
	}
	seen := map[string]map[string]bool{} // hosts by namespace
	for i, text := range hosts {
		at := sub(at, "hosts", i)
		if ns, host, ok := strings.Cut(text, "/"); ok && !strings.HasPrefix(ns, "~") {
			if ns == "." {
				ns = namespace
			}
			if seen[ns] == nil {
				seen[ns] = map[string]bool{}
			}
			if seen[ns][host] || seen[ns]["*"] || host == "*" && len(seen[ns]) > 0 {
				r.warnf(at, "host %q is listed already", text)
			}
			seen[ns][host] = true
		}
		r.scopedHost(at, text, false)
	}
	if seen["*"]["*"] && len(seen) > 1 {
		r.warnf(sub(at, "hosts"), "\"*/*\" means everything: the other hosts have no effect")
	}
}

func (r *report) outboundPolicy(at resource.FieldPath, policy *networking.OutboundTrafficPolicy) {
	if policy == nil {
		return
	}
	const allowAnyDynamicDNS = 2 // exists for the mesh only
	switch proxy := policy.GetEgressProxy(); {
	case policy.GetMode() == allowAnyDynamicDNS:
		r.errorf(sub(at, "mode"), "mode ALLOW_ANY_DYNAMIC_DNS can be set for the mesh only")
	case proxy == nil:
	case policy.GetMode() != networking.OutboundTrafficPolicy_ALLOW_ANY:
		r.errorf(sub(at, "egressProxy"), "egressProxy needs mode ALLOW_ANY")
	default:
		r.check(sub(at, "egressProxy", "host"), checkFQDN(proxy.GetHost()))
		if proxy.GetPort() == nil {
			r.errorf(sub(at, "egressProxy"), "egressProxy needs a port")
			return
		}
		r.destination(sub(at, "egressProxy"), proxy)
	}
}
