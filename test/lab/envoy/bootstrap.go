package envoy

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"

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

// Bootstrap returns what Envoy is started with, for a node and the environment
// of its agent.
func Bootstrap(node *corev3.Node, env map[string]string) (*bootstrapv3.Bootstrap, error) {
	bootstrap := &bootstrapv3.Bootstrap{}
	if err := protojson.Unmarshal(bootstrapJSON, bootstrap); err != nil {
		return nil, fmt.Errorf("reading the bootstrap of the simulated Envoy: %w", err)
	}
	node.UserAgentVersionType = &corev3.Node_UserAgentBuildVersion{UserAgentBuildVersion: &corev3.BuildVersion{
		Version: &typev3.SemanticVersion{MajorNumber: 1, MinorNumber: 40},
	}}
	bootstrap.Node = node
	if incremental(node, env) {
		bootstrap.DynamicResources.AdsConfig.ApiType = corev3.ApiConfigSource_DELTA_GRPC
	}
	return bootstrap, nil
}

// incremental says what an agent goes by: waypoints speak nothing else, all
// others unless they are told not to.
func incremental(node *corev3.Node, env map[string]string) bool {
	wanted, err := strconv.ParseBool(env["ISTIO_DELTA_XDS"])
	return wanted || err != nil || strings.HasPrefix(node.GetId(), "waypoint~")
}
