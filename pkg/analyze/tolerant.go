package analyze

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// decodeTolerantly reads a spec that the strict decoder refuses, the way the
// control plane reads it: unknown fields are dropped, durations may have any
// unit ("1h30m", "100ms"), and null in a list stands for an empty message. Values
// that an enum does not have remain errors: the strict decoder's own tolerance
// would turn a misspelt mode into the default one.
func decodeTolerantly(text []byte, into proto.Message) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	value, err := plainMessage(value, into.ProtoReflect().Descriptor(), "spec")
	if err != nil {
		return err
	}
	plain, err := json.Marshal(value)
	if err != nil {
		return err
	}
	proto.Reset(into)
	return protojson.Unmarshal(plain, into)
}

// plainMessage turns a JSON value into one that protojson reads as the message.
func plainMessage(value any, d protoreflect.MessageDescriptor, at string) (any, error) {
	if value == nil {
		return map[string]any{}, nil
	}
	switch d.FullName() {
	case "google.protobuf.Duration":
		return plainDuration(value, at)
	case "google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue", "google.protobuf.Any":
		return value, nil
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return value, nil // a wrapper such as google.protobuf.BoolValue, or a mistake that the decoder reports
	}
	plain := make(map[string]any, len(fields))
	for name, child := range fields {
		field := d.Fields().ByJSONName(name)
		if field == nil {
			field = d.Fields().ByTextName(name)
		}
		if field == nil || child == nil {
			continue
		}
		value, err := plainField(child, field, at+"."+name)
		if err != nil {
			return nil, err
		}
		plain[name] = value
	}
	return plain, nil
}

func plainField(value any, field protoreflect.FieldDescriptor, at string) (any, error) {
	switch value := value.(type) {
	case map[string]any:
		if !field.IsMap() {
			break
		}
		plain := make(map[string]any, len(value))
		for key, entry := range value {
			p, err := plainSingle(entry, field.MapValue(), at+"."+key)
			if err != nil {
				return nil, err
			}
			plain[key] = p
		}
		return plain, nil
	case []any:
		if !field.IsList() {
			break
		}
		plain := make([]any, len(value))
		for i, item := range value {
			p, err := plainSingle(item, field, at+"["+strconv.Itoa(i)+"]")
			if err != nil {
				return nil, err
			}
			plain[i] = p
		}
		return plain, nil
	}
	return plainSingle(value, field, at)
}

func plainSingle(value any, field protoreflect.FieldDescriptor, at string) (any, error) {
	switch field.Kind() {
	case protoreflect.EnumKind:
		if name, ok := value.(string); ok && field.Enum().Values().ByName(protoreflect.Name(name)) == nil {
			return nil, fmt.Errorf("%s: unknown value %q", at, name)
		}
	case protoreflect.MessageKind:
		return plainMessage(value, field.Message(), at)
	}
	return value, nil
}

func plainDuration(value any, at string) (any, error) {
	text, ok := value.(string)
	if !ok {
		return nil, fmt.Errorf("%s: a duration must be a text such as \"1s\"", at)
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %q is not a duration such as \"1s\"", at, text)
	}
	sign, d := "", d
	if d < 0 {
		sign, d = "-", -d
	}
	return fmt.Sprintf("%s%d.%09ds", sign, d/time.Second, d%time.Second), nil
}
