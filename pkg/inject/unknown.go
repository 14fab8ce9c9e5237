package inject

import (
	"strconv"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/meshctl/meshctl/internal/resource"
)

// unknownField is a field that the Go type of a kind has no room for: a typing
// error, or a field newer than this program. Injection is not to hide the one
// from whoever validates its output, nor to lose the other.
type unknownField struct {
	path  string // as in messages: "spec.containers[0].imagee"
	steps []fieldStep
	value any
}

// fieldStep leads from an object to a field, or from a list to an element.
type fieldStep struct {
	key   string // "" for an element
	index int
	name  string // of the element, if it has one: injection moves elements
}

// unknownFields reads the fields that a strict decoder has complained about.
// The paths in its errors start below prefix.
func unknownFields(text []byte, prefix string, faults []error) []unknownField {
	if len(faults) == 0 {
		return nil
	}
	var object map[string]any
	if err := utiljson.Unmarshal(text, &object); err != nil {
		return nil // the caller has decoded it already
	}
	var found []unknownField
	for _, fault := range faults {
		located, ok := fault.(interface{ FieldPath() string })
		if !ok {
			continue
		}
		field := unknownField{path: prefix + located.FieldPath()}
		if field.value, ok = field.walk(object, field.path); ok {
			found = append(found, field)
		}
	}
	return found
}

// walk goes down a path, noting the steps.
func (f *unknownField) walk(at any, path string) (any, bool) {
	for path != "" {
		switch node := at.(type) {
		case map[string]any:
			path = strings.TrimPrefix(path, ".")
			key := path
			if _, ok := node[key]; !ok { // only the last key may have dots in it
				if end := strings.IndexAny(path, ".["); end >= 0 {
					key = path[:end]
				}
			}
			next, ok := node[key]
			if !ok {
				return nil, false
			}
			f.steps = append(f.steps, fieldStep{key: key})
			at, path = next, path[len(key):]
		case []any:
			text, rest, ok := strings.Cut(strings.TrimPrefix(path, "["), "]")
			index, err := strconv.Atoi(text)
			if !ok || err != nil || index < 0 || index >= len(node) {
				return nil, false
			}
			step := fieldStep{index: index}
			if m, ok := node[index].(map[string]any); ok {
				step.name, _ = m["name"].(string)
			}
			f.steps = append(f.steps, step)
			at, path = node[index], rest
		default:
			return nil, false
		}
	}
	return at, len(f.steps) > 0
}

// putInto puts the field back where it was in an object that has been injected
// meanwhile. It fails if there is no such place any more.
func (f unknownField) putInto(object map[string]any) bool {
	var at any = object
	for n, step := range f.steps {
		switch node := at.(type) {
		case map[string]any:
			if n == len(f.steps)-1 {
				node[step.key] = f.value
				return true
			}
			at = node[step.key]
		case []any:
			at = step.element(node)
		}
	}
	return false
}

// place is the field's path as resource has it.
func (f unknownField) place() resource.FieldPath {
	var path resource.FieldPath
	for _, step := range f.steps {
		if step.key != "" {
			path = append(path, step.key)
		} else {
			path = append(path, resource.Index(step.index))
		}
	}
	return path
}

// element finds an element of a list again: by name, or by its place if it has
// none.
func (s fieldStep) element(list []any) any {
	for n, element := range list {
		m, _ := element.(map[string]any)
		if s.name != "" && m["name"] == s.name || s.name == "" && n == s.index {
			return element
		}
	}
	return nil
}
