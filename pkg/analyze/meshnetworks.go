package analyze

import (
	"encoding/json"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func meshNetworks() Analyzer {
	return Analyzer{
		Name:  "meshnetworks.MeshNetworksAnalyzer",
		Doc:   "Mesh networks refer to clusters that are known",
		Codes: []string{"IST0126"},
		Needs: []schema.GroupKind{istio.ConfigMap, istio.Secret},
		Run:   checkMeshNetworks,
	}
}

// multiClusterLabel marks the Secrets with which istiod reaches other clusters.
const multiClusterLabel = "istio/multiCluster"

func checkMeshNetworks(m *Mesh) []Finding {
	if len(m.Networks.GetNetworks()) == 0 {
		return nil
	}
	known := []string{"Kubernetes", "External", "Mock"}
	for _, secret := range m.Of(istio.Secret) {
		var data map[string]json.RawMessage
		for _, field := range []string{"data", "stringData"} {
			if secret.Labels[multiClusterLabel] == "true" && json.Unmarshal(orEmpty(secret.Raw(field)), &data) == nil {
				known = append(known, slices.Sorted(maps.Keys(data))...)
			}
		}
	}
	// The networks have no object of their own: they stand in the ConfigMap of the mesh.
	source := &resource.Object{Key: resource.Key{GroupKind: schema.GroupKind{Kind: "MeshNetworks"}, Namespace: m.IstioNamespace, Name: "meshnetworks"}}
	if configMap := m.Get(istio.ConfigMap, m.IstioNamespace, "istio"); configMap != nil {
		source.Origin = configMap.FieldOrigin(path("data", "meshNetworks"))
	}
	var findings []Finding
	for _, name := range slices.Sorted(maps.Keys(m.Networks.GetNetworks())) {
		for _, endpoint := range m.Networks.GetNetworks()[name].GetEndpoints() {
			if registry := endpoint.GetFromRegistry(); registry != "" && !slices.Contains(known, registry) {
				findings = append(findings, found("IST0126", source, nil, "network %q refers to cluster %q, for which there is no remote secret", name, registry))
			}
		}
	}
	return findings
}
