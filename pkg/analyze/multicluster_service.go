package analyze

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func multiClusterService() Analyzer {
	return Analyzer{
		Name:  "services.MultiClusterServiceAnalyzer",
		Doc:   "Services are the same in all clusters",
		Codes: []string{"IST0170"},
		Needs: []schema.GroupKind{istio.Service},
		Run:   checkServicesAcrossClusters,
	}
}

func checkServicesAcrossClusters(m *Mesh) []Finding {
	if len(m.Remote) == 0 {
		return nil
	}
	remote := map[string]*Mesh{}
	for name, set := range m.Remote {
		remote[name] = NewMesh(set, Settings{Scope: Live})
	}
	type other struct {
		cluster string
		spec    *serviceSpec
	}
	elsewhere := map[string][]other{}
	for _, name := range slices.Sorted(maps.Keys(remote)) {
		for _, s := range views[serviceSpec](remote[name], istio.Service) {
			elsewhere[s.Namespace+"/"+s.Name] = append(elsewhere[s.Namespace+"/"+s.Name], other{name, s.Spec})
		}
	}
	var findings []Finding
	for _, local := range views[serviceSpec](m, istio.Service) {
		clusters, differences := []string{}, map[string]bool{}
		for _, o := range elsewhere[local.Namespace+"/"+local.Name] {
			if d := serviceDifferences(local.Spec, o.spec); len(d) > 0 {
				clusters = append(clusters, o.cluster)
				for _, difference := range d {
					differences[difference] = true
				}
			}
		}
		if len(clusters) > 0 {
			findings = append(findings, found("IST0170", local.Object, path("spec"), "is not the same in cluster %s: %s",
				strings.Join(clusters, ", "), strings.Join(slices.Sorted(maps.Keys(differences)), ", ")))
		}
	}
	return findings
}

func serviceDifferences(a, b *serviceSpec) []string {
	var differences []string
	if (a.ClusterIP == "None") != (b.ClusterIP == "None") {
		differences = append(differences, "headless in one only")
	}
	if cmp.Or(a.Type, "ClusterIP") != cmp.Or(b.Type, "ClusterIP") {
		differences = append(differences, "other type")
	}
	if !reflect.DeepEqual(sortedPorts(a.Ports), sortedPorts(b.Ports)) {
		differences = append(differences, "other ports")
	}
	return differences
}

// sortedPorts orders ports by name and fills in defaults, so that only real differences count.
func sortedPorts(ports []servicePort) []servicePort {
	sorted := slices.Clone(ports)
	for i := range sorted {
		sorted[i].Protocol, sorted[i].TargetPort = sorted[i].transport(), sorted[i].target()
	}
	slices.SortStableFunc(sorted, func(a, b servicePort) int { return cmp.Compare(a.Name, b.Name) })
	return sorted
}
