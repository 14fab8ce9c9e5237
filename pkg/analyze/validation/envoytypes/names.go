package envoytypes

import (
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/descriptorpb"
)

// Unconfigured lists the names of extensions in a value that have no typed
// configuration. Envoy used to find these by name alone. Lists are not looked
// into.
func (t *Types) Unconfigured(message string, value map[string]any) []string {
	m := t.find(message)
	if m == nil || strings.HasPrefix(m.name, "google.protobuf.") {
		return nil
	}
	var names []string
	for _, key := range slices.Sorted(maps.Keys(value)) {
		field := m.fields[key]
		inner, isObject := value[key].(map[string]any)
		if field == nil || !isObject || field.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REPEATED {
			continue
		}
		names = append(names, t.Unconfigured(strings.TrimPrefix(field.GetTypeName(), "."), inner)...)
	}
	if m.fields["typed_config"] != nil && value["typed_config"] == nil && value["typedConfig"] == nil &&
		value["config_discovery"] == nil && value["configDiscovery"] == nil {
		name, _ := value["name"].(string)
		names = append(names, name)
	}
	return names
}
