package analyze

import (
	"fmt"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/internal/istio"
)

// ParseMeshNetworks reads the networks of a mesh from YAML; nil if there are none.
func ParseMeshNetworks(text []byte) (*meshconfig.MeshNetworks, error) {
	if len(text) == 0 {
		return nil, nil
	}
	json, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, fmt.Errorf("parsing the mesh networks: %w", err)
	}
	networks := &meshconfig.MeshNetworks{}
	if err := istio.DecodeSpec(json, networks); err != nil {
		return nil, fmt.Errorf("parsing the mesh networks: %w", err)
	}
	return networks, nil
}
