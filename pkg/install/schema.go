package install

// schemaKind is the form of a value.
type schemaKind int

const (
	kindAny schemaKind = iota
	kindObject
	kindMap // of elem
	kindList
	kindString
	kindBool
	kindInteger
	kindNumber
	kindIntOrString
	kindQuantity
	kindDuration
	kindEnum
)

// fieldSchema describes what a field may hold. Parts of composite schemas are
// functions, so that only what an input touches is ever built: the types of
// Kubernetes and of the mesh configuration are large.
type fieldSchema struct {
	kind   schemaKind
	fields func() map[string]*fieldSchema // of an object
	elem   func() *fieldSchema            // of a map or list
	names  []string                       // of an enum
	proto  bool                           // read as protobuf JSON: numbers may be quoted
}

func scalar(kind schemaKind) *fieldSchema { return &fieldSchema{kind: kind} }

func listOf(elem *fieldSchema) *fieldSchema {
	return &fieldSchema{kind: kindList, elem: func() *fieldSchema { return elem }}
}

func mapOf(elem *fieldSchema) *fieldSchema {
	return &fieldSchema{kind: kindMap, elem: func() *fieldSchema { return elem }}
}

func object(fields map[string]*fieldSchema) *fieldSchema {
	return &fieldSchema{kind: kindObject, fields: func() map[string]*fieldSchema { return fields }}
}

// expected says in words what a schema wants.
func (s *fieldSchema) expected() string {
	switch s.kind {
	case kindObject, kindMap:
		return "a mapping"
	case kindList:
		return "a list"
	case kindString:
		return "a text"
	case kindBool:
		return "true or false"
	case kindInteger:
		return "a whole number"
	case kindNumber:
		return "a number"
	case kindIntOrString:
		return "a whole number or a text"
	case kindQuantity:
		return `a quantity like 100m or "2"`
	case kindDuration:
		return "a duration like 30s"
	case kindEnum:
		return "one of its names"
	}
	return "anything"
}
