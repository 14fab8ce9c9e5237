package istio

import "strings"

// DefaultClusterDomain is the domain of a cluster that does not say otherwise.
const DefaultClusterDomain = "cluster.local"

// MeshGateway is the name by which a VirtualService means all sidecars.
const MeshGateway = "mesh"

// FQDN completes a short host name, seen from a namespace, to the full name of
// the Service it means. Names with dots and wildcards are complete already.
func FQDN(host, namespace, clusterDomain string) string {
	if strings.HasPrefix(host, "*") || strings.Contains(host, ".") {
		return host
	}
	return host + "." + namespace + ".svc." + clusterDomain
}

// Wildcard reports whether a host stands for many.
func Wildcard(host string) bool { return strings.HasPrefix(host, "*") }

// Overlap reports whether some name is covered by both hosts.
func Overlap(a, b string) bool { return Within(a, b) || Within(b, a) }

// Within reports whether every name that host covers is covered by outer too.
func Within(host, outer string) bool {
	if !Wildcard(outer) {
		return host == outer
	}
	suffix := outer[1:]
	if Wildcard(host) {
		return strings.HasSuffix(host[1:], suffix)
	}
	return strings.HasSuffix(host, suffix)
}
