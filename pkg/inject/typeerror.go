package inject

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/meshctl/meshctl/internal/resource"
)

// fieldError is a value of the wrong type in a field of an object.
type fieldError struct {
	path resource.FieldPath
	text string
}

// Error names the field and what belongs there.
func (e *fieldError) Error() string { return e.path.String() + ": " + e.text }

// typeError says in the words of YAML that a field has the wrong type. Text is
// the JSON that could not be read, which stands at a path in its object.
func typeError(err error, text []byte, at resource.FieldPath) error {
	var wrong *json.UnmarshalTypeError
	if !errors.As(err, &wrong) || wrong.Type == nil {
		return err
	}
	expected := fmt.Sprintf("expected %s, got %s", wantedType(wrong.Type.Kind()), foundType(wrong.Value))
	if wrong.Type.Kind() == reflect.String && wrong.Value != "object" && wrong.Value != "array" {
		expected += " (quote it to make it a text)"
	}
	return &fieldError{append(at, pathAt(text, wrong.Offset)...), expected}
}

func wantedType(kind reflect.Kind) string {
	switch kind {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice:
		return "a list"
	case reflect.Map, reflect.Struct, reflect.Pointer:
		return "a mapping"
	}
	return "a number"
}

// foundType puts what encoding/json calls a value into the words of YAML.
func foundType(value string) string {
	switch value {
	case "bool":
		return "true or false"
	case "string":
		return "a text"
	case "array":
		return "a list"
	case "object":
		return "a mapping"
	}
	return "a number"
}

// pathAt is the path to the value in a JSON text that ends at an offset, or, of
// a mapping or list, begins there.
func pathAt(text []byte, offset int64) resource.FieldPath {
	decoder := json.NewDecoder(bytes.NewReader(text))
	type level struct {
		list bool
		next int     // of a list: the index of the next element
		key  *string // of a mapping: that of the value that comes; nil before a key
	}
	var levels []level
	path := func() resource.FieldPath {
		var path resource.FieldPath
		for _, l := range levels {
			if l.list {
				path = append(path, resource.Index(l.next))
			} else if l.key != nil {
				path = append(path, *l.key)
			}
		}
		return path
	}
	done := func() { // with the value of the innermost level
		if n := len(levels); n > 0 {
			levels[n-1].next++
			levels[n-1].key = nil
		}
	}
	for {
		token, err := decoder.Token()
		if err != nil {
			return nil
		}
		if n := len(levels); n > 0 && !levels[n-1].list && levels[n-1].key == nil {
			if key, isKey := token.(string); isKey {
				levels[n-1].key = &key
				continue
			}
		}
		if decoder.InputOffset() >= offset {
			return path()
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			levels = append(levels, level{list: token == json.Delim('[')})
		case json.Delim('}'), json.Delim(']'):
			levels = levels[:len(levels)-1]
			done()
		default:
			done()
		}
	}
}
