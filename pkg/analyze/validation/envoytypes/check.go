package envoytypes

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/descriptorpb"
)

// Mistake is a place where a value does not fit its message.
type Mistake struct {
	Path    []string // keys, and list indexes as decimal numbers
	Message string
	// Tolerated mistakes are ignored by the control plane: fields that its
	// version of Envoy does not know.
	Tolerated bool
}

// Check compares a value, as read from JSON, with the message of the given
// name. Fields may be written as in JSON or as in the protocol buffer.
func (t *Types) Check(name string, value any) []Mistake {
	m := t.find(name)
	if m == nil {
		return []Mistake{{Message: fmt.Sprintf("Envoy does not know the type %s", name)}}
	}
	c := &checker{types: t}
	c.message(nil, m, value)
	return c.mistakes
}

type checker struct {
	types    *Types
	mistakes []Mistake
}

func (c *checker) failf(path []string, format string, args ...any) {
	c.mistakes = append(c.mistakes, Mistake{Path: path, Message: fmt.Sprintf(format, args...)})
}

func child(path []string, element string) []string { return append(slices.Clip(path), element) }

func (c *checker) message(path []string, m *message, value any) {
	if c.wellKnown(path, m, value) {
		return
	}
	object, ok := value.(map[string]any)
	if !ok {
		c.failf(path, "expected an object (%s), found %s", m.name, describe(value))
		return
	}
	c.fields(path, m, object)
}

func (c *checker) fields(path []string, m *message, object map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(object)) {
		at, field := child(path, key), m.fields[key]
		switch {
		case field != nil:
			c.field(at, field, object[key])
		case !strings.HasPrefix(key, "["): // the name of an extension
			c.mistakes = append(c.mistakes, Mistake{at, fmt.Sprintf("%s has no field %q", m.name, key), true})
		}
	}
}

func (c *checker) field(path []string, f *descriptorpb.FieldDescriptorProto, value any) {
	if value == nil {
		return
	}
	if f.GetLabel() != descriptorpb.FieldDescriptorProto_LABEL_REPEATED {
		c.single(path, f, value)
		return
	}
	if entry := c.types.messages[strings.TrimPrefix(f.GetTypeName(), ".")]; entry != nil && entry.isMap {
		object, ok := value.(map[string]any)
		if !ok {
			c.failf(path, "expected an object, found %s", describe(value))
		}
		for _, key := range slices.Sorted(maps.Keys(object)) {
			c.field(child(path, key), entry.fields["value"], object[key])
		}
		return
	}
	list, ok := value.([]any)
	if !ok {
		c.failf(path, "expected a list, found %s", describe(value))
	}
	for i, element := range list {
		if element != nil {
			c.single(child(path, strconv.Itoa(i)), f, element)
		}
	}
}

func (c *checker) single(path []string, f *descriptorpb.FieldDescriptorProto, value any) {
	typeName := strings.TrimPrefix(f.GetTypeName(), ".")
	switch f.GetType() {
	case descriptorpb.FieldDescriptorProto_TYPE_MESSAGE:
		if m := c.types.messages[typeName]; m != nil {
			c.message(path, m, value)
		}
	case descriptorpb.FieldDescriptorProto_TYPE_ENUM:
		text, isText := value.(string)
		_, isNumber := value.(float64)
		if values := c.types.enums[typeName]; values != nil && !isNumber && !values[text] {
			if !isText {
				text = describe(value)
			}
			c.failf(path, "%s is not one of %s", text, strings.Join(slices.Sorted(maps.Keys(values)), ", "))
		}
	default:
		if why := scalar(f.GetType(), value); why != "" {
			c.failf(path, "%s", why)
		}
	}
}

// describe names what stands in place of something else.
func describe(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return fmt.Sprintf("the text %q", value)
	}
	return fmt.Sprint(value)
}
