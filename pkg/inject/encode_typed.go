package inject

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"slices"

	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// structure writes the fields of a struct one below the other, as the maps that
// it would be converted to, and says how many there were.
func (w *yamlWriter) structure(v reflect.Value, indent int) {
	first := true
	for _, field := range value.TypeReflectEntryOf(v.Type()).OrderedFields() {
		f := field.GetFrom(v)
		if field.CanOmit(f) {
			continue
		}
		w.key(field.JsonName, first, indent)
		w.typed(f, indent, indent)
		first = false
	}
}

// fields counts what structure would write, up to the first.
func fields(v reflect.Value) int {
	for _, field := range value.TypeReflectEntryOf(v.Type()).OrderedFields() {
		if !field.CanOmit(field.GetFrom(v)) {
			return 1
		}
	}
	return 0
}

// typed is value for Go types. It writes what runtime.DefaultUnstructuredConverter
// would make of them, without making it.
func (w *yamlWriter) typed(v reflect.Value, keyIndent, itemIndent int) {
	if entry := value.TypeReflectEntryOf(v.Type()); entry.CanConvertToUnstructured() {
		plain, err := entry.ToUnstructured(v)
		if err != nil {
			w.err = err
			return
		}
		w.value(plain, keyIndent, itemIndent)
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			w.value(nil, keyIndent, itemIndent)
		} else {
			w.typed(v.Elem(), keyIndent, itemIndent)
		}
	case reflect.Struct:
		if indent, some := w.begin("{}", fields(v), keyIndent, itemIndent); some {
			w.structure(v, indent)
		}
	case reflect.Map:
		w.typedMap(v, keyIndent, itemIndent)
	case reflect.Slice:
		w.typedSlice(v, keyIndent, itemIndent)
	case reflect.String:
		w.value(v.String(), keyIndent, itemIndent)
	case reflect.Bool:
		w.value(v.Bool(), keyIndent, itemIndent)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.value(v.Int(), keyIndent, itemIndent)
	case reflect.Float32, reflect.Float64:
		w.value(v.Float(), keyIndent, itemIndent)
	default:
		w.err = fmt.Errorf("a value of type %s", v.Type())
	}
}

func (w *yamlWriter) typedMap(v reflect.Value, keyIndent, itemIndent int) {
	if v.IsNil() || v.Type().Key().Kind() != reflect.String {
		w.value(nil, keyIndent, itemIndent)
		return
	}
	indent, some := w.begin("{}", v.Len(), keyIndent, itemIndent)
	if !some {
		return
	}
	if texts, ok := v.Interface().(map[string]string); ok {
		w.texts(texts, indent)
		return
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		switch {
		case a.String() < b.String():
			return -1
		case a.String() > b.String():
			return 1
		}
		return 0
	})
	for n, key := range keys {
		w.key(key.String(), n == 0, indent)
		w.typed(v.MapIndex(key), indent, indent)
	}
}

func (w *yamlWriter) typedSlice(v reflect.Value, keyIndent, itemIndent int) {
	switch {
	case v.IsNil():
		w.value(nil, keyIndent, itemIndent)
		return
	case v.Type().Elem().Kind() == reflect.Uint8:
		w.value(base64.StdEncoding.EncodeToString(v.Bytes()), keyIndent, itemIndent)
		return
	}
	indent, some := w.begin("[]", v.Len(), keyIndent, itemIndent)
	if !some {
		return
	}
	for n := range v.Len() {
		w.dash(n == 0, indent)
		w.typed(v.Index(n), indent, indent+2)
	}
}
