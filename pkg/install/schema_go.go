package install

import (
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// schemaOf reads a schema off a Go type of the Kubernetes API.
func schemaOf(t reflect.Type) *fieldSchema {
	switch t {
	case reflect.TypeFor[intstr.IntOrString]():
		return scalar(kindIntOrString)
	case reflect.TypeFor[resource.Quantity]():
		return scalar(kindQuantity)
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime]():
		return scalar(kindString)
	case reflect.TypeFor[metav1.FieldsV1]():
		return scalar(kindAny)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem())
	case reflect.Struct:
		return &fieldSchema{kind: kindObject, fields: func() map[string]*fieldSchema { return structFields(t) }}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return scalar(kindString)
		}
		return &fieldSchema{kind: kindList, elem: func() *fieldSchema { return schemaOf(t.Elem()) }}
	case reflect.Map:
		return &fieldSchema{kind: kindMap, elem: func() *fieldSchema { return schemaOf(t.Elem()) }}
	case reflect.String:
		return scalar(kindString)
	case reflect.Bool:
		return scalar(kindBool)
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint32, reflect.Uint64:
		return scalar(kindInteger)
	case reflect.Float32, reflect.Float64:
		return scalar(kindNumber)
	}
	return scalar(kindAny)
}

func structFields(t reflect.Type) map[string]*fieldSchema {
	fields := map[string]*fieldSchema{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case name == "" && (f.Anonymous || options == "inline"):
			for inner, s := range structFields(f.Type) {
				fields[inner] = s
			}
		case name != "":
			fields[name] = schemaOf(f.Type)
		}
	}
	return fields
}
