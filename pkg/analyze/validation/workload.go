package validation

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	networkingv1beta1 "istio.io/api/networking/v1beta1"

	"github.com/meshctl/meshctl/internal/resource"
)

// WorkloadEntry checks a WorkloadEntry.
func WorkloadEntry(entry *networking.WorkloadEntry) []Problem {
	r := &report{}
	r.workloadEntry(spec(), entry, nil, true)
	return r.problems
}

// workloadEntry checks an endpoint. The names of the service's ports are nil
// if they are not known.
func (r *report) workloadEntry(at resource.FieldPath, entry *networking.WorkloadEntry, ports map[string]bool, mayBeName bool) {
	if entry == nil {
		r.errorf(at, "an endpoint must not be null")
		return
	}
	address := entry.GetAddress()
	if address == "" {
		if entry.GetNetwork() == "" {
			r.errorf(at, "an address is required")
			return
		}
		r.warnf(at, "no address: the endpoint is reached through the gateway of network %q", entry.GetNetwork())
	}
	path, socket := strings.CutPrefix(address, unixPrefix)
	switch {
	case socket:
		r.check(sub(at, "address"), checkSocketPath(path))
		if len(entry.GetPorts()) > 0 {
			r.errorf(sub(at, "ports"), "a Unix domain socket has no ports")
		}
	case address == "" || isIP(address):
	case !mayBeName:
		r.errorf(sub(at, "address"), "%q is not an IP address", address)
	case checkFQDN(address) != nil:
		r.errorf(sub(at, "address"), "%q is neither a domain name nor an IP address", address)
	}
	r.endpointPorts(at, entry, ports)
	r.labels(sub(at, "labels"), entry.GetLabels())
	if socket && ports != nil && len(ports) != 1 {
		r.errorf(sub(at, "address"), "a Unix domain socket needs a service with exactly one port")
	}
}

// WorkloadGroup checks a WorkloadGroup.
func WorkloadGroup(group *networking.WorkloadGroup) []Problem {
	r := &report{}
	if group.GetTemplate() == nil {
		r.errorf(spec(), "a template is required")
		return r.problems
	}
	labels := &report{}
	labels.labels(sub(spec(), "metadata", "labels"), group.GetMetadata().GetLabels())
	if len(labels.problems) > 0 {
		return labels.problems[:1]
	}
	r.probe(sub(spec(), "probe"), group.GetProbe())
	return r.problems
}

func (r *report) probe(at resource.FieldPath, probe *networking.ReadinessProbe) {
	if probe == nil {
		return
	}
	r.notNegative(at, "periodSeconds", probe.GetPeriodSeconds())
	r.notNegative(at, "initialDelaySeconds", probe.GetInitialDelaySeconds())
	r.notNegative(at, "timeoutSeconds", probe.GetTimeoutSeconds())
	r.notNegative(at, "successThreshold", probe.GetSuccessThreshold())
	r.notNegative(at, "failureThreshold", probe.GetFailureThreshold())
	switch method := probe.GetHealthCheckMethod().(type) {
	case *networking.ReadinessProbe_HttpGet:
		at := sub(at, "httpGet")
		r.check(sub(at, "port"), checkPort(int(method.HttpGet.GetPort())))
		if s := method.HttpGet.GetScheme(); s != "" && s != "HTTP" && s != "HTTPS" {
			r.errorf(sub(at, "scheme"), "scheme %q is neither HTTP nor HTTPS", s)
		}
		for i, header := range method.HttpGet.GetHttpHeaders() {
			name := header.GetName()
			if err := checkPlainHeader(name); err != nil || strings.Contains(name, "_") {
				r.errorf(sub(at, "httpHeaders", i, "name"), "%q cannot be the name of a header", name)
			}
		}
	case *networking.ReadinessProbe_TcpSocket:
		r.check(sub(at, "tcpSocket", "port"), checkPort(int(method.TcpSocket.GetPort())))
	case *networking.ReadinessProbe_Exec:
		if len(method.Exec.GetCommand()) == 0 {
			r.errorf(sub(at, "exec"), "a command is required")
		}
	case *networking.ReadinessProbe_Grpc:
		r.errorf(sub(at, "grpc"), "probes by gRPC are not supported: use httpGet, tcpSocket or exec")
	default:
		r.errorf(at, "a probe needs httpGet, tcpSocket or exec")
	}
}

// ProxyConfig checks a ProxyConfig.
func ProxyConfig(config *networkingv1beta1.ProxyConfig) []Problem {
	r := &report{}
	r.selector(config.GetSelector())
	if c := config.GetConcurrency().GetValue(); c < 0 {
		r.errorf(sub(spec(), "concurrency"), "concurrency %d is negative", c)
	}
	return r.problems
}
