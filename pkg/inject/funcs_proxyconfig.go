package inject

import (
	"bytes"
	"encoding/json"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	meshv1alpha1 "istio.io/api/mesh/v1alpha1"

	"github.com/meshctl/meshctl/internal/istio"
)

// protoToJSON is a message as JSON on one line. A proxy config is written
// without the fields that have their default value, because every pod
// carries it.
func protoToJSON(message proto.Message) string {
	if config, ok := message.(*meshv1alpha1.ProxyConfig); ok {
		if config == nil {
			return "{}"
		}
		message = withoutDefaults(config)
	}
	if message == nil {
		return "{}"
	}
	text, err := protojson.Marshal(message)
	if err != nil {
		return "{}"
	}
	// protojson varies its white space on purpose; pods must not vary.
	var compact bytes.Buffer
	if err := json.Compact(&compact, text); err != nil {
		return "{}"
	}
	return compact.String()
}

func withoutDefaults(config *meshv1alpha1.ProxyConfig) *meshv1alpha1.ProxyConfig {
	config = proto.Clone(config).(*meshv1alpha1.ProxyConfig)
	has, defaults := config.ProtoReflect(), istio.DefaultProxyConfig().ProtoReflect()
	defaults.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		if has.Has(field) && has.Get(field).Equal(value) {
			has.Clear(field)
		}
		return true
	})
	return config
}
