package envoy

import (
	_ "embed"
	"fmt"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/encoding/protojson"
)

// bootstrapJSON is what every proxy of a mesh is started with, without its
// node: the ports for statistics and health, and the way to istiod.
//
//go:embed bootstrap.json
var bootstrapJSON []byte

// Bootstrap returns what Envoy is started with, for a node.
func Bootstrap(node *corev3.Node) (*bootstrapv3.Bootstrap, error) {
	bootstrap := &bootstrapv3.Bootstrap{}
	if err := protojson.Unmarshal(bootstrapJSON, bootstrap); err != nil {
		return nil, fmt.Errorf("reading the bootstrap of the simulated Envoy: %w", err)
	}
	node.UserAgentVersionType = &corev3.Node_UserAgentBuildVersion{UserAgentBuildVersion: &corev3.BuildVersion{
		Version: &typev3.SemanticVersion{MajorNumber: 1, MinorNumber: 40},
	}}
	bootstrap.Node = node
	return bootstrap, nil
}
