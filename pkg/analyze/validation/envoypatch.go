package validation

import (
	"encoding/json"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/structpb"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/resource"
)

// patchedMessage is the type of Envoy's configuration that a patch is merged into.
func patchedMessage(target networking.EnvoyFilter_ApplyTo) protoreflect.FullName {
	switch target {
	case networking.EnvoyFilter_CLUSTER:
		return "envoy.config.cluster.v3.Cluster"
	case networking.EnvoyFilter_LISTENER:
		return "envoy.config.listener.v3.Listener"
	case networking.EnvoyFilter_LISTENER_FILTER:
		return "envoy.config.listener.v3.ListenerFilter"
	case networking.EnvoyFilter_FILTER_CHAIN:
		return "envoy.config.listener.v3.FilterChain"
	case networking.EnvoyFilter_NETWORK_FILTER:
		return "envoy.config.listener.v3.Filter"
	case networking.EnvoyFilter_HTTP_FILTER:
		return "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter"
	case networking.EnvoyFilter_ROUTE_CONFIGURATION:
		return "envoy.config.route.v3.RouteConfiguration"
	case networking.EnvoyFilter_VIRTUAL_HOST:
		return "envoy.config.route.v3.VirtualHost"
	case networking.EnvoyFilter_HTTP_ROUTE:
		return "envoy.config.route.v3.Route"
	case networking.EnvoyFilter_EXTENSION_CONFIG:
		return "envoy.config.core.v3.TypedExtensionConfig"
	case networking.EnvoyFilter_BOOTSTRAP:
		return "envoy.config.bootstrap.v3.Bootstrap"
	}
	return ""
}

// patchValue checks that a patch's value is a piece of Envoy's configuration.
//
// The types come from the registry of all types that are linked into the
// program, not from imports: whoever reads Envoy's configuration brings them.
// A type that is not linked in is taken for valid.
func (r *report) patchValue(at resource.FieldPath, target networking.EnvoyFilter_ApplyTo, value *structpb.Struct) {
	if value == nil {
		return
	}
	name := patchedMessage(target)
	if name == "" {
		r.errorf(at, "applyTo %s cannot be patched", target)
		return
	}
	messageType, err := protoregistry.GlobalTypes.FindMessageByName(name)
	if err != nil {
		return
	}
	fields := value.AsMap()
	var removed []string
	dropUnlinkedTypes(fields, &removed)
	for _, url := range removed {
		switch {
		case strings.Contains(url, ".v2."), strings.Contains(url, ".v2alpha"):
			r.errorf(at, "type %s belongs to Envoy's removed v2 API: use the v3 type", url)
			return
		case !ofEnvoy(url):
			r.errorf(at, "type %q is not known", url)
			return
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		r.errorf(at, "the value cannot be read: %v", err)
		return
	}
	message := messageType.New().Interface()
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(text, message); err != nil {
		r.errorf(at, "the value is not a %s: %s", name.Name(), plain(err))
		return
	}
	if err := protojson.Unmarshal(text, messageType.New().Interface()); err != nil {
		r.warnf(at, "the value has parts that a %s does not have: %s", name.Name(), plain(err))
		return
	}
	if frozen := frozenTypes(message.ProtoReflect()); len(frozen) > 0 {
		r.warnf(at, "the value uses frozen types: %s", strings.Join(frozen, ", "))
	}
	if untyped := withoutTypedConfig(message.ProtoReflect()); len(untyped) > 0 {
		r.warnf(at, "the value configures extensions by name only, without typed_config: %s", strings.Join(untyped, ", "))
	}
}

// ofEnvoy reports whether a type belongs to Envoy's API, whose types are not
// all linked in.
func ofEnvoy(url string) bool {
	name, ok := strings.CutPrefix(url, "type.googleapis.com/")
	return ok && slices.ContainsFunc([]string{"envoy.", "istio.", "udpa.", "xds."}, func(api string) bool { return strings.HasPrefix(name, api) })
}

// plain takes the blanks out of protobuf's messages that it varies on purpose.
func plain(err error) string {
	text := strings.ReplaceAll(err.Error(), "\u00a0", " ")
	return strings.TrimPrefix(text, "proto: ")
}

// dropUnlinkedTypes empties messages of types that are not linked in, because
// a message that contains them could not be read at all.
func dropUnlinkedTypes(value any, removed *[]string) {
	switch value := value.(type) {
	case map[string]any:
		if url, ok := value["@type"].(string); ok {
			if _, err := protoregistry.GlobalTypes.FindMessageByURL(url); err != nil {
				*removed = append(*removed, url)
				clear(value)
				value["@type"] = "type.googleapis.com/google.protobuf.Struct"
				value["value"] = map[string]any{}
				return
			}
		}
		for _, child := range value {
			dropUnlinkedTypes(child, removed)
		}
	case []any:
		for _, child := range value {
			dropUnlinkedTypes(child, removed)
		}
	}
}

// frozenTypes lists the types of old API versions in use.
func frozenTypes(m protoreflect.Message) []string {
	var frozen []string
	eachMessage(m, func(child protoreflect.Message) {
		if child.Descriptor().FullName() == "google.protobuf.Any" {
			url := child.Get(child.Descriptor().Fields().ByName("type_url")).String()
			if strings.Contains(url, "envoy.") && (strings.Contains(url, ".v2.") || strings.Contains(url, ".v2alpha")) {
				frozen = append(frozen, url)
			}
		}
	})
	return frozen
}

// withoutTypedConfig lists the names of extensions whose message has a
// typed_config that is not set.
func withoutTypedConfig(m protoreflect.Message) []string {
	var names []string
	check := func(child protoreflect.Message) {
		fields := child.Descriptor().Fields()
		typed, discovery := fields.ByName("typed_config"), fields.ByName("config_discovery")
		if typed == nil || child.Has(typed) || discovery != nil && child.Has(discovery) {
			return
		}
		name := ""
		if f := fields.ByName("name"); f != nil {
			name = child.Get(f).String()
		}
		names = append(names, name)
	}
	eachMessage(m, check)
	check(m)
	slices.Sort(names)
	return names
}

// eachMessage calls f for all messages in single fields below m.
func eachMessage(m protoreflect.Message, f func(protoreflect.Message)) {
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		if field.Message() != nil && !field.IsList() && !field.IsMap() {
			f(value.Message())
			eachMessage(value.Message(), f)
		}
		return true
	})
}
