package validation

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// ServiceEntry checks a ServiceEntry of a namespace with the given labels.
func ServiceEntry(entry *networking.ServiceEntry, namespace string, labels map[string]string) []Problem {
	r := &report{}
	if !r.workloadSelector(entry.GetWorkloadSelector()) {
		return r.problems
	}
	if entry.GetWorkloadSelector() != nil && entry.Endpoints != nil {
		r.errorf(spec(), "only one of workloadSelector and endpoints can be set")
	}
	r.entryHosts(entry)
	r.entryAddresses(entry)
	r.entryPorts(entry, labels)
	names := map[string]bool{}
	for _, port := range entry.GetPorts() {
		names[port.GetName()] = true
	}
	switch entry.GetResolution() {
	case networking.ServiceEntry_NONE:
		if len(entry.GetEndpoints()) > 0 {
			r.errorf(sub(spec(), "endpoints"), "resolution NONE cannot have endpoints")
		}
		if entry.GetWorkloadSelector() != nil {
			r.warnf(sub(spec(), "workloadSelector"), "workloadSelector has no effect with resolution NONE")
		}
	case networking.ServiceEntry_STATIC:
		for i, endpoint := range entry.GetEndpoints() {
			r.workloadEntry(sub(spec(), "endpoints", i), endpoint, names, false)
		}
	case networking.ServiceEntry_DNS, networking.ServiceEntry_DNS_ROUND_ROBIN:
		r.dnsEntry(entry, names)
	case networking.ServiceEntry_DYNAMIC_DNS:
		r.dynamicEntry(entry, labels)
	default:
		r.errorf(sub(spec(), "resolution"), "resolution %s is not supported", entry.GetResolution())
	}
	if entry.GetResolution() != networking.ServiceEntry_NONE && len(entry.GetHosts()) > 1 {
		for i, port := range entry.GetPorts() {
			if p := istio.ParseProtocol(port.GetProtocol()); !p.IsHTTP() && !p.IsTLS() {
				r.errorf(sub(spec(), "ports", i, "protocol"), "several hosts on a port of protocol %q cannot be told apart: use one ServiceEntry each", port.GetProtocol())
				break
			}
		}
	}
	r.exportTo(entry.GetExportTo(), namespace, true)
	return r.problems
}

func (r *report) entryHosts(entry *networking.ServiceEntry) {
	if len(entry.GetHosts()) == 0 {
		r.errorf(spec(), "a ServiceEntry needs hosts")
	}
	for i, host := range entry.GetHosts() {
		at := sub(spec(), "hosts", i)
		if host == "*" {
			r.errorf(at, "host \"*\" is not allowed")
			continue
		}
		r.check(at, checkDomain(host))
		if err := checkNoPartialWildcard(host); err != nil && entry.GetResolution() != networking.ServiceEntry_DYNAMIC_DNS {
			r.warnf(at, "%v", err)
		}
	}
}

func (r *report) entryAddresses(entry *networking.ServiceEntry) {
	blocks := false
	for i, address := range entry.GetAddresses() {
		blocks = blocks || strings.Contains(address, "/")
		r.check(sub(spec(), "addresses", i), checkSubnet(address))
	}
	if blocks && entry.GetResolution() != networking.ServiceEntry_NONE && entry.GetResolution() != networking.ServiceEntry_STATIC {
		r.errorf(sub(spec(), "addresses"), "CIDR blocks need resolution NONE or STATIC")
	}
}

func (r *report) entryPorts(entry *networking.ServiceEntry, labels map[string]string) {
	names, numbers := map[string]bool{}, map[uint32]bool{}
	for i, port := range entry.GetPorts() {
		at := sub(spec(), "ports", i)
		if port == nil {
			r.errorf(at, "a port must not be null")
			continue
		}
		if names[port.GetName()] {
			r.errorf(sub(at, "name"), "two ports have the name %q", port.GetName())
		}
		if numbers[port.GetNumber()] {
			r.errorf(sub(at, "number"), "two ports have the number %d", port.GetNumber())
		}
		names[port.GetName()], numbers[port.GetNumber()] = true, true
		if port.GetTargetPort() != 0 {
			r.check(sub(at, "targetPort"), checkPort(int(port.GetTargetPort())))
		}
		if len(entry.GetAddresses()) == 0 && !allocatesAddress(entry, labels) && (port.GetProtocol() == "" || port.GetProtocol() == "TCP") {
			r.warnf(sub(at, "protocol"), "a port of protocol TCP needs addresses, because none are allocated for this ServiceEntry")
		}
		r.check(sub(at, "name"), checkPortName(port.GetName()))
		r.protocol(sub(at, "protocol"), port.GetProtocol())
		r.check(sub(at, "number"), checkPort(int(port.GetNumber())))
	}
}

// allocatesAddress reports whether the control plane gives the entry an address.
func allocatesAddress(entry *networking.ServiceEntry, labels map[string]string) bool {
	return entry.GetResolution() != networking.ServiceEntry_NONE && len(entry.GetAddresses()) == 0 &&
		!strings.EqualFold(labels["networking.istio.io/enable-autoallocate-ip"], "false")
}

func (r *report) protocol(at resource.FieldPath, name string) {
	if name != "" && !istio.ParseProtocol(name).Known() { // an empty one is found out by looking at the traffic
		r.errorf(at, "%q is not a protocol that the mesh knows", name)
	}
}

func (r *report) dnsEntry(entry *networking.ServiceEntry, names map[string]bool) {
	if len(entry.GetEndpoints()) == 0 {
		for i, host := range entry.GetHosts() {
			if err := checkFQDN(host); err != nil {
				r.errorf(sub(spec(), "hosts", i), "with resolution %s and no endpoints the hosts themselves are resolved: %v", entry.GetResolution(), err)
				break
			}
		}
	}
	if entry.GetResolution() == networking.ServiceEntry_DNS_ROUND_ROBIN && len(entry.GetEndpoints()) > 1 {
		r.errorf(sub(spec(), "endpoints"), "resolution DNS_ROUND_ROBIN can have one endpoint at most")
	}
	for i, endpoint := range entry.GetEndpoints() {
		at := sub(spec(), "endpoints", i)
		if endpoint == nil {
			r.errorf(at, "an endpoint must not be null")
			continue
		}
		if !isIP(endpoint.GetAddress()) && checkFQDN(endpoint.GetAddress()) != nil {
			r.errorf(sub(at, "address"), "%q is neither a domain name nor an IP address", endpoint.GetAddress())
		}
		r.labels(sub(at, "labels"), endpoint.GetLabels())
		r.endpointPorts(at, endpoint, names)
	}
	if len(entry.GetAddresses()) > 0 && len(entry.GetHosts()) > 1 &&
		slices.ContainsFunc(entry.GetPorts(), func(p *networking.ServicePort) bool { return istio.ParseProtocol(p.GetProtocol()).IsTCP() }) {
		r.warnf(sub(spec(), "hosts"), "several hosts with addresses and a TCP port cannot be told apart")
	}
}

func (r *report) endpointPorts(at resource.FieldPath, endpoint *networking.WorkloadEntry, names map[string]bool) {
	for _, name := range slices.Sorted(maps.Keys(endpoint.GetPorts())) {
		at := sub(at, "ports", name)
		if names != nil && !names[name] {
			r.errorf(at, "the ServiceEntry has no port named %q", name)
		}
		r.check(at, checkPortName(name))
		r.check(at, checkPort(int(endpoint.GetPorts()[name])))
	}
}

func (r *report) dynamicEntry(entry *networking.ServiceEntry, labels map[string]string) {
	if len(entry.GetHosts()) == 0 {
		r.errorf(spec(), "resolution DYNAMIC_DNS needs a wildcard host")
	}
	for i, host := range entry.GetHosts() {
		if !istio.Wildcard(host) {
			r.errorf(sub(spec(), "hosts", i), "resolution DYNAMIC_DNS is for wildcard hosts")
		}
	}
	if len(entry.GetAddresses()) > 0 {
		r.errorf(sub(spec(), "addresses"), "resolution DYNAMIC_DNS cannot have addresses")
	}
	if len(entry.GetEndpoints()) > 0 {
		r.errorf(sub(spec(), "endpoints"), "resolution DYNAMIC_DNS cannot have endpoints")
	}
	for i, port := range entry.GetPorts() {
		switch istio.ParseProtocol(port.GetProtocol()) {
		case istio.HTTP, istio.TLS, istio.GRPC, istio.HTTP2:
		default:
			r.errorf(sub(spec(), "ports", i, "protocol"), "resolution DYNAMIC_DNS works with HTTP, HTTP2, GRPC and TLS only")
		}
	}
	switch waypoint := labels[istio.UseWaypointLabel]; {
	case entry.GetLocation() == networking.ServiceEntry_MESH_EXTERNAL:
	case entry.GetLocation() != networking.ServiceEntry_MESH_INTERNAL:
		r.errorf(sub(spec(), "location"), "resolution DYNAMIC_DNS needs a location")
	case waypoint != "" && !strings.EqualFold(waypoint, "none"):
		r.errorf(sub(spec(), "location"), "resolution DYNAMIC_DNS with location MESH_INTERNAL does not work with a waypoint")
	}
}
