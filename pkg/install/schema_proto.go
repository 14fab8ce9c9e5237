package install

import (
	"google.golang.org/protobuf/reflect/protoreflect"
)

// schemaOfMessage reads a schema off a protobuf message, in its JSON form.
func schemaOfMessage(md protoreflect.MessageDescriptor) *schema {
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
	return &schema{kind: kindObject, proto: true, fields: func() map[string]*schema {
		fields := map[string]*schema{}
		for i := range md.Fields().Len() {
			f := md.Fields().Get(i)
			s := schemaOfField(f)
			fields[f.JSONName()] = s
			fields[string(f.Name())] = s // protobuf JSON takes either spelling
		}
		return fields
	}}
}

func schemaOfField(f protoreflect.FieldDescriptor) *schema {
	switch {
	case f.IsMap():
		return &schema{kind: kindMap, elem: func() *schema { return schemaOfField(f.MapValue()) }}
	case f.IsList():
		return &schema{kind: kindList, elem: func() *schema { return schemaOfSingle(f) }}
	}
	return schemaOfSingle(f)
}

func schemaOfSingle(f protoreflect.FieldDescriptor) *schema {
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
		return &schema{kind: kindNumber, proto: true}
	}
	return &schema{kind: kindInteger, proto: true}
}
