package envoytypes

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/descriptorpb"
)

// scalar says why a value does not fit a scalar type, "" if it does. Numbers
// may be written as text.
func scalar(kind descriptorpb.FieldDescriptorProto_Type, value any) string {
	switch kind {
	case descriptorpb.FieldDescriptorProto_TYPE_BOOL:
		if _, ok := value.(bool); !ok {
			return "expected true or false, found " + describe(value)
		}
	case descriptorpb.FieldDescriptorProto_TYPE_STRING:
		if _, ok := value.(string); !ok {
			return "expected a text, found " + describe(value)
		}
	case descriptorpb.FieldDescriptorProto_TYPE_BYTES:
		if text, ok := value.(string); !ok || !isBase64(text) {
			return "expected bytes in base64, found " + describe(value)
		}
	case descriptorpb.FieldDescriptorProto_TYPE_FLOAT, descriptorpb.FieldDescriptorProto_TYPE_DOUBLE:
		if _, ok := number(value); !ok {
			return "expected a number, found " + describe(value)
		}
	default:
		return integer(kind, value)
	}
	return ""
}

func integer(kind descriptorpb.FieldDescriptorProto_Type, value any) string {
	n, ok := number(value)
	if !ok || n != math.Trunc(n) {
		return "expected a whole number, found " + describe(value)
	}
	low, high := math.Inf(-1), math.Inf(1)
	switch kind {
	case descriptorpb.FieldDescriptorProto_TYPE_UINT32, descriptorpb.FieldDescriptorProto_TYPE_FIXED32:
		low, high = 0, math.MaxUint32
	case descriptorpb.FieldDescriptorProto_TYPE_UINT64, descriptorpb.FieldDescriptorProto_TYPE_FIXED64:
		low, high = 0, math.MaxUint64
	case descriptorpb.FieldDescriptorProto_TYPE_INT32, descriptorpb.FieldDescriptorProto_TYPE_SINT32, descriptorpb.FieldDescriptorProto_TYPE_SFIXED32:
		low, high = math.MinInt32, math.MaxInt32
	}
	if n < low || n > high {
		return "the number " + describe(value) + " is out of range"
	}
	return ""
}

func number(value any) (float64, bool) {
	switch value := value.(type) {
	case float64:
		return value, true
	case string:
		n, err := strconv.ParseFloat(value, 64)
		return n, err == nil
	}
	return 0, false
}

func isBase64(text string) bool {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	_, err := base64.RawStdEncoding.DecodeString(text)
	return err == nil
}

// wellKnown checks the messages that JSON writes in a form of their own; it
// reports false for all others.
func (c *checker) wellKnown(path []string, m *message, value any) bool {
	name, ok := strings.CutPrefix(m.name, "google.protobuf.")
	if !ok {
		return false
	}
	switch name {
	case "Any":
		c.any(path, value)
	case "Duration":
		text, ok := value.(string)
		if _, err := time.ParseDuration(text); !ok || err != nil {
			c.failf(path, "expected a duration such as 1.5s, found %s", describe(value))
		}
	case "Timestamp":
		text, ok := value.(string)
		if _, err := time.Parse(time.RFC3339Nano, text); !ok || err != nil {
			c.failf(path, "expected a time such as 2006-01-02T15:04:05Z, found %s", describe(value))
		}
	case "Value":
	case "Struct":
		if _, ok := value.(map[string]any); !ok {
			c.failf(path, "expected an object, found %s", describe(value))
		}
	case "ListValue":
		if _, ok := value.([]any); !ok {
			c.failf(path, "expected a list, found %s", describe(value))
		}
	case "BoolValue", "BytesValue", "StringValue", "Int32Value", "UInt32Value", "FloatValue", "Int64Value", "UInt64Value", "DoubleValue":
		c.single(path, m.fields["value"], value)
	default:
		return false
	}
	return true
}

// any checks a value that names its own type.
func (c *checker) any(path []string, value any) {
	object, ok := value.(map[string]any)
	url, named := object["@type"].(string)
	switch {
	case !ok:
		c.failf(path, "expected an object with @type, found %s", describe(value))
		return
	case !named:
		c.failf(path, "@type is missing")
		return
	}
	m := c.types.find(url)
	if m == nil {
		hint := ""
		if strings.Contains(url, ".v2.") {
			hint = "; use the v3 API"
		}
		c.failf(child(path, "@type"), "Envoy does not know the type %s%s", url, hint)
		return
	}
	inner, isWrapped := object["value"]
	if isWrapped && len(object) == 2 && (&checker{types: c.types}).wellKnown(nil, m, inner) {
		c.wellKnown(child(path, "value"), m, inner)
		return
	}
	rest := make(map[string]any, len(object))
	for key, v := range object {
		if key != "@type" {
			rest[key] = v
		}
	}
	c.fields(path, m, rest)
}
