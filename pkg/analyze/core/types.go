package core

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	quantity "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshctl/meshctl/internal/resource"
)

// checker walks an object along the Go type of its kind.
type checker struct{ problems []Problem }

func (c *checker) wrongf(at resource.FieldPath, format string, args ...any) {
	c.problems = append(c.problems, Problem{Field: at, Message: fmt.Sprintf(format, args...)})
}

// value checks a value against a type. Null is as good as nothing.
func (c *checker) value(at resource.FieldPath, v any, t reflect.Type) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if v == nil || c.special(at, v, t) {
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		if object, ok := v.(map[string]any); ok {
			c.fields(at, object, t)
			return
		}
		c.mismatch(at, v, "an object")
	case reflect.Map:
		object, ok := v.(map[string]any)
		if !ok {
			c.mismatch(at, v, "an object")
			return
		}
		for _, name := range slices.Sorted(maps.Keys(object)) {
			c.value(at.Child(name), object[name], t.Elem())
		}
	case reflect.Slice:
		c.list(at, v, t)
	case reflect.String:
		if _, ok := v.(string); !ok {
			c.mismatch(at, v, "text")
		}
	case reflect.Bool:
		if _, ok := v.(bool); !ok {
			c.mismatch(at, v, "true or false")
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		if n, ok := whole(v); !ok {
			c.mismatch(at, v, "a whole number")
		} else if t.Kind() == reflect.Int32 && (n < math.MinInt32 || n > math.MaxInt32) {
			c.wrongf(at, "the value %d is too large for 32 bits", n)
		}
	}
}

// special checks the types that are not written as Go holds them.
func (c *checker) special(at resource.FieldPath, v any, t reflect.Type) bool {
	text, isText := v.(string)
	_, isWhole := whole(v)
	switch t {
	case reflect.TypeFor[metav1.FieldsV1](), reflect.TypeFor[runtime.RawExtension]():
	case reflect.TypeFor[metav1.Time](), reflect.TypeFor[metav1.MicroTime](), reflect.TypeFor[metav1.Duration]():
		if !isText {
			c.mismatch(at, v, "text")
		}
	case reflect.TypeFor[intstr.IntOrString]():
		if !isText && !isWhole {
			c.mismatch(at, v, "a whole number or text")
		}
	case reflect.TypeFor[quantity.Quantity]():
		if _, isNumber := v.(float64); !isText && !isWhole && !isNumber {
			c.mismatch(at, v, "a quantity such as 100m or 128Mi")
		} else if _, err := quantity.ParseQuantity(text); isText && err != nil {
			c.wrongf(at, "the value %q is no quantity such as 100m or 128Mi", text)
		}
	case reflect.TypeFor[[]byte]():
		// That it is in base64 is not asked for: in files it may be encrypted.
		if !isText {
			c.mismatch(at, v, "text in base64")
		}
	default:
		return false
	}
	return true
}

func (c *checker) list(at resource.FieldPath, v any, t reflect.Type) {
	items, ok := v.([]any)
	if !ok {
		c.mismatch(at, v, "a list")
		return
	}
	for i, item := range items {
		c.value(at.Child(resource.Index(i)), item, t.Elem())
	}
}

func (c *checker) fields(at resource.FieldPath, object map[string]any, t reflect.Type) {
	known := fieldsOf(t)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		field := at.Child(name)
		if of, ok := known[name]; ok {
			c.value(field, object[name], of)
			continue
		}
		names := slices.Sorted(maps.Keys(known))
		if resource.Nearest(name, names) != "" { // else it may be of a later release
			c.problems = append(c.problems, Problem{Field: field, Message: "there is no field " + field.String(), Unknown: name, Known: names})
		}
	}
}

// fieldsOf are a struct's fields by the names that manifests use.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "" && strings.Contains(options, "inline"):
			maps.Copy(fields, fieldsOf(f.Type))
		case name != "" && name != "-":
			fields[name] = f.Type
		}
	}
	return fields
}

func (c *checker) mismatch(at resource.FieldPath, v any, want string) {
	found := fmt.Sprint(v)
	switch v := v.(type) {
	case map[string]any:
		found = "an object"
	case []any:
		found = "a list"
	case string:
		found = fmt.Sprintf("the text %q", v)
	default:
		if want == "text" {
			found += "; put it in quotes"
		}
	}
	c.wrongf(at, "the value must be %s, not %s", want, found)
}

func whole(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case float64:
		return int64(v), v == math.Trunc(v) && math.Abs(v) < 1<<53
	}
	return 0, false
}
