package install

import (
	"google.golang.org/protobuf/reflect/protoreflect"
)

// schemaOfMessage reads a schema off a protobuf message, in its JSON form.
func schemaOfMessage(md protoreflect.MessageDescriptor) *fieldSchema {
	switch md.FullName() {
	case "google.protobuf.Duration":
		return scalar(kindDuration)
	case "google.protobuf.Timestamp":
		return scalar(kindString)
	case "google.protobuf.Struct":
		return mapOf(scalar(kindAny))
	case "google.protobuf.Value", "google.protobuf.Any":
		return scalar(kindAny)
	case "google.protobuf.ListValue":
		return listOf(scalar(kindAny))
	case "google.protobuf.BoolValue", "google.protobuf.StringValue", "google.protobuf.BytesValue",
		"google.protobuf.Int32Value", "google.protobuf.Int64Value", "google.protobuf.UInt32Value",
		"google.protobuf.UInt64Value", "google.protobuf.FloatValue", "google.protobuf.DoubleValue":
		return schemaOfField(md.Fields().ByNumber(1))
	}
	return &fieldSchema{kind: kindObject, proto: true, fields: func() map[string]*fieldSchema {
		fields := map[string]*fieldSchema{}
		for i := range md.Fields().Len() {
			f := md.Fields().Get(i)
			s := schemaOfField(f)
			fields[f.JSONName()] = s
			fields[string(f.Name())] = s // protobuf JSON takes either spelling
		}
		return fields
	}}
}

func schemaOfField(f protoreflect.FieldDescriptor) *fieldSchema {
	switch {
	case f.IsMap():
		return &fieldSchema{kind: kindMap, elem: func() *fieldSchema { return schemaOfField(f.MapValue()) }}
	case f.IsList():
		return &fieldSchema{kind: kindList, elem: func() *fieldSchema { return schemaOfSingle(f) }}
	}
	return schemaOfSingle(f)
}

func schemaOfSingle(f protoreflect.FieldDescriptor) *fieldSchema {
	switch f.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return schemaOfMessage(f.Message())
	case protoreflect.BoolKind:
		return scalar(kindBool)
	case protoreflect.StringKind, protoreflect.BytesKind:
		return scalar(kindString)
	case protoreflect.EnumKind:
		values := f.Enum().Values()
		s := scalar(kindEnum)
		for i := range values.Len() {
			s.names = append(s.names, string(values.Get(i).Name()))
		}
		return s
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return &fieldSchema{kind: kindNumber, proto: true}
	}
	return &fieldSchema{kind: kindInteger, proto: true}
}
