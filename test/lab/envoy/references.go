package envoy

import (
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
)

// collect adds the names of all resources that a message refers to, by type.
func collect(message proto.Message, wanted map[string]map[string]bool) {
	walk(message.ProtoReflect(), func(m proto.Message) {
		switch m := m.(type) {
		case *clusterv3.Cluster:
			if m.GetType() == clusterv3.Cluster_EDS {
				wanted[EndpointType][endpointsOf(m)] = true
			}
		case *hcmv3.Rds:
			wanted[RouteType][m.GetRouteConfigName()] = true
		case *hcmv3.HttpFilter:
			if m.GetConfigDiscovery() != nil {
				wanted[ExtensionType][m.GetName()] = true
			}
		case *tlsv3.SdsSecretConfig:
			if m.GetSdsConfig() != nil {
				wanted[SecretType][m.GetName()] = true
			}
		case *corev3.TypedExtensionConfig:
			// Its content is walked like everything else.
		}
	})
}

// endpointsOf returns the name under which a cluster asks for its endpoints.
func endpointsOf(c *clusterv3.Cluster) string {
	if name := c.GetEdsClusterConfig().GetServiceName(); name != "" {
		return name
	}
	return c.GetName()
}

// walk visits a message and all messages inside it, unpacked where they are
// packed. What cannot be unpacked is passed over.
func walk(m protoreflect.Message, visit func(proto.Message)) {
	if packed, ok := m.Interface().(*anypb.Any); ok {
		if inner, err := packed.UnmarshalNew(); err == nil {
			walk(inner.ProtoReflect(), visit)
		}
		return
	}
	visit(m.Interface())
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap():
			if field.MapValue().Message() != nil {
				value.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
					walk(v.Message(), visit)
					return true
				})
			}
		case field.Message() == nil:
		case field.IsList():
			for i := range value.List().Len() {
				walk(value.List().Get(i).Message(), visit)
			}
		default:
			walk(value.Message(), visit)
		}
		return true
	})
}
