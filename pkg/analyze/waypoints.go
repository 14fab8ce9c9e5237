package analyze

import (
	"encoding/json"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func waypoints() Analyzer {
	return Analyzer{
		Name:  "ambient.WaypointAnalyzer",
		Doc:   "Waypoints that are referred to exist, and those that exist are used",
		Codes: []string{"MSH0112", "MSH0113"},
		Needs: []schema.GroupKind{istio.K8sGateway, istio.Namespace, istio.Pod, istio.Service, istio.ServiceEntry},

		OfParts: true,
		Run:     checkWaypoints,
	}
}

// waypointNamespaceLabel says in which namespace the waypoint is, if not in the object's own.
const waypointNamespaceLabel = "istio.io/use-waypoint-namespace"

func checkWaypoints(m *Mesh) []Finding {
	var findings []Finding
	used := map[resource.Key]bool{}
	for _, kind := range []schema.GroupKind{istio.Namespace, istio.Pod, istio.Service, istio.ServiceEntry} {
		for _, o := range m.Of(kind) {
			name, set := o.Labels[istio.UseWaypointLabel]
			if !set || name == "" || strings.EqualFold(name, "none") {
				continue
			}
			namespace := o.Labels[waypointNamespaceLabel]
			if namespace == "" {
				namespace = o.Namespace
			}
			if namespace == "" {
				namespace = o.Name // a Namespace's waypoint is in that namespace
			}
			target := resource.Key{GroupKind: istio.K8sGateway, Namespace: namespace, Name: name}
			used[target] = true
			if m.Get(target.GroupKind, namespace, name) == nil && m.completeIn(istio.K8sGateway, namespace) {
				findings = append(findings, found("MSH0112", o, path("metadata", "labels", istio.UseWaypointLabel),
					"the waypoint %s/%s does not exist: policies for HTTP do not apply", namespace, name))
			}
		}
	}
	for _, o := range m.Of(istio.K8sGateway) {
		var spec struct {
			Class string `json:"gatewayClassName"`
		}
		if json.Unmarshal(orEmpty(o.Raw("spec")), &spec) == nil && spec.Class == "istio-waypoint" && !used[o.Key] && m.complete(istio.Namespace) && !m.knownInPart(istio.Pod, istio.Service, istio.ServiceEntry) {
			findings = append(findings, found("MSH0113", o, path("metadata", "name"),
				"no namespace, service or pod uses this waypoint: label one %s=%s", istio.UseWaypointLabel, o.Name))
		}
	}
	return findings
}
