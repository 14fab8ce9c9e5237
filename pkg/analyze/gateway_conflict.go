package analyze

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func gatewayConflict() Analyzer {
	return Analyzer{
		Name:  "gateway.ConflictingGatewayAnalyzer",
		Doc:   "Gateways on the same proxies do not serve one host on one port twice",
		Codes: []string{"IST0145"},
		Needs: []schema.GroupKind{istio.Gateway, istio.Pod},
		Run:   checkGatewayConflicts,
	}
}

// servedHost is a host on a port and address of some proxies.
type servedHost struct {
	port       uint32
	host, bind string
}

func checkGatewayConflicts(m *Mesh) []Finding {
	type user struct {
		object   *resource.Object
		selector map[string]string
	}
	users := map[servedHost][]user{}
	all := specs[networking.Gateway](m, istio.Gateway)
	for _, gw := range all {
		for _, server := range gw.Spec.GetServers() {
			for _, host := range server.GetHosts() {
				key := servedHost{server.GetPort().GetNumber(), host, server.GetBind()}
				if known := users[key]; len(known) == 0 || known[len(known)-1].object != gw.Object {
					users[key] = append(known, user{gw.Object, gw.Spec.GetSelector()})
				}
			}
		}
	}
	share := sharedProxies(m)
	var findings []Finding
	for _, gw := range all {
		for i, server := range gw.Spec.GetServers() {
			var conflicting []*resource.Object
			var hosts []string
			for _, host := range server.GetHosts() {
				for _, other := range users[servedHost{server.GetPort().GetNumber(), host, server.GetBind()}] {
					if other.object != gw.Object && share(gw.Spec.GetSelector(), other.selector) {
						conflicting = append(conflicting, other.object)
						hosts = append(hosts, host)
					}
				}
			}
			if len(conflicting) > 0 {
				findings = append(findings, found("IST0145", gw.Object, path("spec", "servers", i, "hosts"),
					"%s also serves %s on port %d of the same proxies (%s)", strings.Join(objectNames(conflicting), ", "),
					strings.Join(slices.Compact(hosts), ", "), server.GetPort().GetNumber(), istio.SelectorString(gw.Spec.GetSelector())))
			}
		}
	}
	return findings
}

// sharedProxies decides whether two selectors select a common pod, without
// trying each pair of selectors twice.
func sharedProxies(m *Mesh) func(a, b map[string]string) bool {
	type pair struct{ a, b string }
	decided := map[pair]bool{}
	return func(a, b map[string]string) bool {
		key := pair{istio.SelectorString(a), istio.SelectorString(b)}
		if key.a == key.b {
			return true
		}
		shared, known := decided[key]
		if !known {
			shared = slices.ContainsFunc(m.workloads().selectedAnywhere(a), func(w *workload) bool { return istio.Selects(b, w.Labels) })
			decided[key] = shared
		}
		return shared
	}
}
