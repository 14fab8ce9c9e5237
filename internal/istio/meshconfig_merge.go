package istio

import (
	"encoding/json"
	"fmt"
	"maps"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	meshv1alpha1 "istio.io/api/mesh/v1alpha1"
	"sigs.k8s.io/yaml"
)

// MergeProxyConfig lays a proxy config in YAML (the annotation
// proxy.istio.io/config, or defaultConfig of the mesh config) over another
// one. Each field that is written replaces the whole field of the base;
// proxyMetadata and proxyHeaders are merged entry by entry. The base stays as
// it is.
func MergeProxyConfig(base *meshv1alpha1.ProxyConfig, text []byte) (*meshv1alpha1.ProxyConfig, error) {
	merged := proto.Clone(base).(*meshv1alpha1.ProxyConfig)
	metadata, headers := merged.ProxyMetadata, merged.ProxyHeaders
	if err := overlay(merged, text); err != nil {
		return nil, err
	}
	merged.ProxyMetadata = mergeMetadata(metadata, merged.ProxyMetadata)
	if headers != nil && merged.ProxyHeaders != nil {
		written := merged.ProxyHeaders
		merged.ProxyHeaders = headers
		replaceFields(headers.ProtoReflect(), written.ProtoReflect())
	}
	return merged, nil
}

func mergeMetadata(base, added map[string]string) map[string]string {
	if base == nil {
		return added
	}
	merged := maps.Clone(base)
	maps.Copy(merged, added)
	return merged
}

// overlay replaces those top-level fields of a message that the YAML writes,
// also where it writes a field's zero value. Unknown fields are ignored.
func overlay(base proto.Message, text []byte) error {
	data, err := yaml.YAMLToJSON(text)
	if err != nil {
		return err
	}
	if string(data) == "null" {
		return nil
	}
	var written map[string]json.RawMessage
	if err := json.Unmarshal(data, &written); err != nil {
		return fmt.Errorf("expected a map of fields: %w", err)
	}
	to := base.ProtoReflect()
	from := to.New()
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, from.Interface()); err != nil {
		return err
	}
	fields := to.Descriptor().Fields()
	for name, value := range written {
		field := fields.ByJSONName(name)
		if field == nil {
			field = fields.ByName(protoreflect.Name(name))
		}
		if field == nil || string(value) == "null" {
			continue
		}
		if from.Has(field) {
			to.Set(field, from.Get(field))
		} else {
			to.Clear(field)
		}
	}
	return nil
}

// replaceFields copies the fields that are set.
func replaceFields(to, from protoreflect.Message) {
	from.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		to.Set(field, value)
		return true
	})
}
