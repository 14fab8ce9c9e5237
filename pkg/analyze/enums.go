package analyze

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// unknownEnumValue finds a value in JSON that its enum does not have. It is
// needed because protojson ignores such values together with unknown fields.
func unknownEnumValue(text []byte, message proto.Message) error {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return err
	}
	return checkEnums(value, message.ProtoReflect().Descriptor(), "spec")
}

func checkEnums(value any, d protoreflect.MessageDescriptor, at string) error {
	fields, ok := value.(map[string]any)
	if !ok || d.FullName().Parent() == "google.protobuf" {
		return nil
	}
	for name, child := range fields {
		field := d.Fields().ByJSONName(name)
		if field == nil {
			field = d.Fields().ByTextName(name)
		}
		if field == nil {
			continue
		}
		if err := checkEnumField(child, field, at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func checkEnumField(value any, field protoreflect.FieldDescriptor, at string) error {
	if field.IsMap() {
		entries, _ := value.(map[string]any)
		for key, entry := range entries {
			if err := checkEnumField(entry, field.MapValue(), at+"."+key); err != nil {
				return err
			}
		}
		return nil
	}
	if list, ok := value.([]any); ok {
		for i, item := range list {
			if err := checkEnumField(item, field, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
		return nil
	}
	switch field.Kind() {
	case protoreflect.EnumKind:
		if name, ok := value.(string); ok && field.Enum().Values().ByName(protoreflect.Name(name)) == nil {
			return fmt.Errorf("%s: unknown value %q", at, name)
		}
	case protoreflect.MessageKind:
		return checkEnums(value, field.Message(), at)
	}
	return nil
}
