package validation

import (
	"context"
	"fmt"
	"strings"

	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/meshctl/meshctl/internal/resource"
)

// The codes of issues with an object's schema.
const (
	UnknownField    = "MSH0002"
	SchemaViolation = "MSH0003"
)

// celBudget bounds the cost of all CEL rules of an object, as in the API server.
const celBudget = 10_000_000

// Schema checks an object of the mesh against its CRD as the API server
// would: types, required fields, enums, formats, CEL rules, and fields that do
// not exist. Objects of other kinds have no issues. Compiling a CRD takes some
// ten milliseconds, once for each kind and version in use.
func Schema(o *resource.Object) []Issue {
	crd, known := crds()[o.GroupKind]
	if !known {
		return nil
	}
	schema, err := crd.version(o.Version)
	if err != nil {
		return []Issue{{SchemaViolation, resource.FieldPath{"apiVersion"}, err.Error()}}
	}
	var object map[string]any
	if err := json.Unmarshal(o.JSON, &object); err != nil {
		return []Issue{{SchemaViolation, nil, err.Error()}}
	}
	issues := schema.unknownFields(object)
	defaulting.PruneNonNullableNullsWithoutDefaults(object, schema.structural)
	defaulting.Default(object, schema.structural)
	mistakes := crdvalidation.ValidateCustomResource(nil, object, schema.validator)
	mistakes = append(mistakes, listtype.ValidateListSetsAndMaps(nil, schema.structural, object)...)
	if len(mistakes) == 0 { // CEL rules rely on the types being right
		mistakes, _ = schema.rules.Validate(context.Background(), nil, schema.structural, object, nil, celBudget)
	}
	for _, m := range mistakes {
		issues = append(issues, Issue{SchemaViolation, parsePath(m.Field), explain(m)})
	}
	return issues
}

// unknownFields reports fields that the schema does not have, and drops them
// from the object, as the API server does.
func (s *crdSchema) unknownFields(object map[string]any) []Issue {
	options := structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	var issues []Issue
	for _, text := range pruning.PruneWithOptions(object, s.structural, true, options) {
		path := parsePath(text)
		name, parent := path[len(path)-1], path[:len(path)-1]
		message := "there is no field " + name
		if near := nearest(name, s.fieldsOf(parent)); near != "" {
			message += "; did you mean " + near + "?"
		} else if len(parent) == 0 {
			message += " beside apiVersion, kind, metadata, spec and status"
		}
		issues = append(issues, Issue{UnknownField, path, message})
	}
	return issues
}

// fieldsOf lists the fields that an object at a path may have.
func (s *crdSchema) fieldsOf(path resource.FieldPath) []string {
	at := s.structural
	for _, element := range path {
		property, isProperty := at.Properties[element]
		switch {
		case isProperty:
			at = &property
		case at.Items != nil:
			at = at.Items
		case at.AdditionalProperties != nil && at.AdditionalProperties.Structural != nil:
			at = at.AdditionalProperties.Structural
		default:
			return nil
		}
	}
	return sortedKeys(at.Properties)
}

// parsePath reads the path of an API error: "spec.http[0].headers[x-y]".
func parsePath(text string) resource.FieldPath {
	var path resource.FieldPath
	for text != "" {
		if text[0] == '[' {
			element, rest, closed := strings.Cut(text[1:], "]")
			if !closed {
				return append(path, text)
			}
			path, text = append(path, element), strings.TrimPrefix(rest, ".")
			continue
		}
		end := strings.IndexAny(text, ".[")
		if end < 0 {
			return append(path, text)
		}
		if end > 0 {
			path = append(path, text[:end])
		}
		text = strings.TrimPrefix(text[end:], ".")
	}
	return path
}

// explain is an API error's text without the path and the value, which stand
// beside it.
func explain(e *field.Error) string {
	detail := strings.TrimPrefix(e.Detail, e.Field+" in body ")
	switch e.Type {
	case field.ErrorTypeRequired:
		return "a required field is missing"
	case field.ErrorTypeNotSupported:
		return fmt.Sprintf("the value %v does not exist; %s", e.BadValue, detail)
	case field.ErrorTypeDuplicate:
		return "another entry of the list has the same key"
	}
	if detail == "" {
		return e.ErrorBody()
	}
	return detail
}
