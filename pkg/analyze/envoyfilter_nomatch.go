package analyze

import (
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func envoyFilterWorkloads() Analyzer {
	return Analyzer{
		Name:  "envoyfilter.MatchAnalyzer",
		Doc:   "EnvoyFilters select workloads, and their patches match something",
		Codes: []string{"MSH0119"},
		Needs: []schema.GroupKind{istio.EnvoyFilter, istio.Gateway, istio.K8sGateway, istio.Pod, istio.Service, istio.ServiceEntry, istio.Sidecar},
		Run: func(m *Mesh) []Finding {
			filters := specs[networking.EnvoyFilter](m, istio.EnvoyFilter)
			if len(filters) == 0 {
				return nil
			}
			known := newListeningPorts(m)
			var findings []Finding
			for _, filter := range filters {
				findings = append(findings, checkFilterMatches(m, filter, known)...)
			}
			return findings
		},
	}
}

// checkFilterMatches judges by what is certain only: what a proxy's
// configuration holds depends on more than is known here.
func checkFilterMatches(m *Mesh, filter typed[networking.EnvoyFilter], known *listeningPorts) []Finding {
	labels := filter.Spec.GetWorkloadSelector().GetLabels()
	var selected []*workload
	if len(labels) > 0 && m.knowsWorkloads(filter.Namespace) {
		if selected = m.workloads().selected(filter.Namespace, labels); filter.Namespace == m.RootNamespace() {
			selected = m.workloads().selectedAnywhere(labels)
		}
		if len(selected) == 0 {
			return []Finding{found("MSH0119", filter.Object, path("spec", "workloadSelector"),
				"selector %q selects no pod: the filter changes nothing", istio.SelectorString(labels))}
		}
	}
	var findings []Finding
	for i, patch := range filter.Spec.GetConfigPatches() {
		at := path("spec", "configPatches", i)
		if field, reason := cannotMatch(m, patch, selected, known); reason != "" {
			findings = append(findings, found("MSH0119", filter.Object, append(at, field...), "the patch changes nothing: %s", reason))
		}
	}
	return findings
}

// cannotMatch says why a patch can never apply, and which field says so.
func cannotMatch(m *Mesh, patch *networking.EnvoyFilter_EnvoyConfigObjectPatch, selected []*workload, known *listeningPorts) (resource.FieldPath, string) {
	match := patch.GetMatch()
	switch context := match.GetContext(); context {
	case networking.EnvoyFilter_GATEWAY:
		if all(selected, isSidecar) {
			return path("match", "context"), "all selected pods have a sidecar, none is a gateway"
		}
	case networking.EnvoyFilter_SIDECAR_INBOUND, networking.EnvoyFilter_SIDECAR_OUTBOUND:
		if all(selected, isGateway) {
			return path("match", "context"), "all selected pods are gateways, none has a sidecar"
		}
	}
	if operation := patch.GetPatch().GetOperation(); isInsertion(operation) && !isOrdered(patch.GetApplyTo()) {
		return path("patch", "operation"), "operation " + operation.String() + " is ignored for " + patch.GetApplyTo().String() + ", whose order does not matter: use ADD"
	}
	inbound := match.GetContext() == networking.EnvoyFilter_SIDECAR_INBOUND
	if port := match.GetListener().GetPortNumber(); port != 0 && !inbound && known.lacks(port) {
		return path("match", "listener", "portNumber"), "nothing in the mesh has port " + strconv.Itoa(int(port))
	}
	if port := match.GetRouteConfiguration().GetPortNumber(); port != 0 && !inbound && known.lacks(port) {
		return path("match", "routeConfiguration", "portNumber"), "nothing in the mesh has port " + strconv.Itoa(int(port))
	}
	if name := match.GetRouteConfiguration().GetGateway(); name != "" && m.complete(istio.Gateway) && len(m.Of(istio.K8sGateway)) == 0 {
		if namespace, gateway, qualified := strings.Cut(name, "/"); qualified && m.Get(istio.Gateway, namespace, gateway) == nil {
			return path("match", "routeConfiguration", "gateway"), "Gateway " + name + " does not exist"
		}
	}
	if host := match.GetCluster().GetService(); host != "" && !inbound && m.unknownHost(host) {
		return path("match", "cluster", "service"), "no Service or ServiceEntry defines " + host
	}
	// direction|port|subset|host, see pilot/pkg/model in Istio.
	if parts := strings.Split(match.GetCluster().GetName(), "|"); len(parts) == 4 && parts[0] == "outbound" && m.unknownHost(parts[3]) {
		return path("match", "cluster", "name"), "no Service or ServiceEntry defines " + parts[3]
	}
	return nil, ""
}

// unknownHost reports whether a full host name is certainly none of the mesh.
func (m *Mesh) unknownHost(host string) bool {
	return len(m.hosts().index.Exact(host)) == 0 && len(m.hosts().index.Covering(host)) == 0 && m.knowsHost(host, m.RootNamespace())
}

func isInsertion(operation networking.EnvoyFilter_Patch_Operation) bool {
	switch operation {
	case networking.EnvoyFilter_Patch_INSERT_BEFORE, networking.EnvoyFilter_Patch_INSERT_AFTER, networking.EnvoyFilter_Patch_INSERT_FIRST:
		return true
	}
	return false
}

// isOrdered reports whether objects of a kind stand in an order that counts.
func isOrdered(applyTo networking.EnvoyFilter_ApplyTo) bool {
	switch applyTo {
	case networking.EnvoyFilter_CLUSTER, networking.EnvoyFilter_LISTENER, networking.EnvoyFilter_FILTER_CHAIN,
		networking.EnvoyFilter_ROUTE_CONFIGURATION, networking.EnvoyFilter_VIRTUAL_HOST:
		return false
	}
	return true
}

// all reports whether there are workloads and each is of a kind.
func all(selected []*workload, is func(*workload) bool) bool {
	return len(selected) > 0 && !slices.ContainsFunc(selected, func(w *workload) bool { return !is(w) })
}

// isGateway reports whether a pod is certainly a gateway: its proxy says so.
func isGateway(w *workload) bool {
	return proxyType(w) == "router" || slices.Contains(strings.Split(w.Annotations["inject.istio.io/templates"], ","), "gateway")
}

// isSidecar reports whether a pod's proxy certainly stands beside an application.
func isSidecar(w *workload) bool { return proxyType(w) == "sidecar" }

// proxyType is the word after "proxy" in the arguments of the pod's proxy.
func proxyType(w *workload) string {
	for _, list := range [][]container{w.Spec.Containers, w.Spec.InitContainers} {
		for _, c := range list {
			if c.Name == "istio-proxy" && len(c.Args) > 1 && c.Args[0] == "proxy" {
				return c.Args[1]
			}
		}
	}
	return ""
}
