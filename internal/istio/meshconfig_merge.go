package istio

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

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
		return namedField(written, to, err)
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

// namedField names the field that a decoding error is about. Its position is
// left out: it is that of the YAML turned into JSON, which nobody has seen.
func namedField(written map[string]json.RawMessage, to protoreflect.Message, err error) error {
	for _, name := range slices.Sorted(maps.Keys(written)) {
		one, encodeErr := json.Marshal(map[string]json.RawMessage{name: written[name]})
		if encodeErr != nil {
			return encodeErr
		}
		decodeErr := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(one, to.New().Interface())
		if decodeErr != nil {
			return fmt.Errorf("%s: %s", name, protoPrefix.ReplaceAllString(decodeErr.Error(), ""))
		}
	}
	return errors.New(protoPrefix.ReplaceAllString(err.Error(), ""))
}

// protoPrefix varies from build to build: the blank in it may be one that does
// not break.
var protoPrefix = regexp.MustCompile(`^proto:[\s\x{a0}]+(\(line \d+:\d+\): )?`)

// replaceFields copies the fields that are set.
func replaceFields(to, from protoreflect.Message) {
	from.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		to.Set(field, value)
		return true
	})
}
