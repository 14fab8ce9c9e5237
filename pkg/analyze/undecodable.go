package analyze

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/internal/resource"
)

// undecodable are findings about objects that no analyzer could judge, because
// their spec has a value of another type than it must have. Objects about
// whose structure something has been found already are left out.
func (m *Mesh) undecodable(known []Finding) []Finding {
	said := map[*resource.Object]bool{}
	for _, f := range known {
		if f.Code == "MSH0002" || f.Code == "MSH0003" || f.Code == "IST0106" {
			said[f.Object] = true
		}
	}
	var findings []Finding
	m.failures.Range(func(key, failure any) bool {
		o := key.(*resource.Object)
		var wrong *json.UnmarshalTypeError
		switch {
		case said[o]:
		case errors.As(failure.(error), &wrong):
			at := append(path("spec"), pathAt(o.Raw("spec"), wrong.Offset)...)
			findings = append(findings, found("MSH0003", o, at, "%s: the value must be %s, not %s", at, typeName(wrong.Type), valueName(wrong.Value)))
		default:
			findings = append(findings, found("MSH0003", o, path("spec"), "reading the spec: %v", failure))
		}
		return true
	})
	return findings
}

// pathAt leads to the value of JSON that ends, or starts, at an offset.
func pathAt(text []byte, offset int64) resource.FieldPath {
	dec := jsontext.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := dec.ReadToken(); err != nil {
			return nil
		}
		if dec.InputOffset() >= offset {
			break
		}
	}
	var at resource.FieldPath
	for element := range dec.StackPointer().Tokens() {
		at = append(at, element)
	}
	return at
}

// typeName names a type as it is called in manifests.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

// valueName names what the JSON decoder found.
func valueName(value string) string {
	kind, rest, _ := strings.Cut(value, " ")
	switch kind {
	case "string":
		return "text"
	case "number":
		return strings.TrimSpace("the number " + rest)
	case "array":
		return "a list"
	case "bool":
		return "true or false"
	}
	return "an " + kind
}
