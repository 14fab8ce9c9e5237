package crd

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshctl/meshctl/internal/resource"
)

// parsePath reads a path as the API server writes it: "spec.http[0].match" or,
// for keys of maps, "spec.labels[app.kubernetes.io/name]".
func parsePath(text string) resource.FieldPath {
	var path resource.FieldPath
	for text != "" {
		switch {
		case text[0] == '.':
			text = text[1:]
		case text[0] == '[':
			key, rest, closed := strings.Cut(text[1:], "]")
			path = append(path, strings.Trim(key, `"`))
			if text = rest; !closed {
				return path
			}
		default:
			end := strings.IndexAny(text, ".[")
			if end < 0 {
				end = len(text)
			}
			path = append(path, text[:end])
			text = text[end:]
		}
	}
	if len(path) == 1 && path[0] == "<nil>" {
		return nil
	}
	return path
}

// plainMessage is an error of the API server without the path, which stands
// beside it, and without value dumps of whole objects.
func plainMessage(e *field.Error) string {
	detail := e.Detail
	if prefix, rest, ok := strings.Cut(detail, " in body "); ok && strings.HasSuffix(prefix, lastElement(e.Field)) {
		detail = "the value " + rest
	}
	switch {
	case e.Type == field.ErrorTypeRequired && detail == "":
		return "a value is required"
	case e.Type == field.ErrorTypeNotSupported:
		return fmt.Sprintf("the value %v does not exist; %s", e.BadValue, detail)
	case e.Type == field.ErrorTypeDuplicate:
		return "another item of the list has the same key"
	case detail == "":
		return e.ErrorBody()
	}
	return detail
}

func lastElement(path string) string {
	return path[strings.LastIndexAny(path, ".")+1:]
}
