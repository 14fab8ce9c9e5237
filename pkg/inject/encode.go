package inject

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/runtime"
)

// encodeYAML writes an object as YAML in the way kubectl does: keys sorted,
// lists not indented. All lines but the first are indented. A writer of its own, because the library takes longer
// for a thousand Deployments than all the rest of injecting them. Head comes
// first, as it is.
func encodeYAML(head []byte, object any, indent int) ([]byte, error) {
	w := yamlWriter{}
	w.out.Grow(len(head) + usualSize)
	w.out.Write(head)
	switch object := object.(type) {
	case map[string]any:
		w.mapping(object, indent)
	default:
		w.structure(reflect.ValueOf(object).Elem(), indent)
	}
	if w.err != nil {
		return nil, fmt.Errorf("encoding the injected object: %w", w.err)
	}
	return w.out.Bytes(), nil
}

// usualSize is enough for most workloads with a sidecar, in bytes.
const usualSize = 12 << 10

// asMap gives an object as plain maps and lists.
func asMap(object any) (map[string]any, error) {
	if m, ok := object.(map[string]any); ok {
		return m, nil
	}
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, fmt.Errorf("encoding the injected object: %w", err)
	}
	return m, nil
}

// longKey is the length from which on a key is written with a question mark.
// YAML has a limit of 1024 characters for keys without (1.2.2, section 7.4.2);
// quoting can make six of one.
const longKey = 128

// yamlWriter writes Kubernetes' Go types, and plain maps, lists and scalars.
type yamlWriter struct {
	out  bytes.Buffer
	keys []string // of the mappings that are being written, each after its parent's
	err  error
}

// mapping writes entries one below the other; the first one stands where the
// writer is.
func (w *yamlWriter) mapping(m map[string]any, indent int) {
	entries(w, m, indent, func(w *yamlWriter, v any) { w.value(v, indent, indent) })
}

// texts is mapping for labels and annotations.
func (w *yamlWriter) texts(m map[string]string, indent int) {
	entries(w, m, indent, func(w *yamlWriter, text string) {
		w.out.WriteByte(' ')
		w.text(text, indent, false)
		w.out.WriteByte('\n')
	})
}

// entries writes a mapping in the order of its keys.
func entries[V any](w *yamlWriter, m map[string]V, indent int, value func(*yamlWriter, V)) {
	from := len(w.keys)
	for key := range m {
		w.keys = append(w.keys, key)
	}
	to := len(w.keys)
	slices.Sort(w.keys[from:])
	for n := from; n < to; n++ {
		key := w.keys[n]
		w.key(key, n == from, indent)
		value(w, m[key])
	}
	w.keys = w.keys[:from]
}

// key writes a key with its colon.
func (w *yamlWriter) key(key string, first bool, indent int) {
	if !first {
		w.indent(indent)
	}
	if len(key) > longKey {
		w.out.WriteString("? ")
		w.text(key, indent, true)
		w.out.WriteByte('\n')
		w.indent(indent)
	} else {
		w.text(key, indent, true)
	}
	w.out.WriteByte(':')
}

func (w *yamlWriter) sequence(list []any, indent int) {
	for n, item := range list {
		w.dash(n == 0, indent)
		w.value(item, indent, indent+2)
	}
}

func (w *yamlWriter) dash(first bool, indent int) {
	if !first {
		w.indent(indent)
	}
	w.out.WriteByte('-')
}

// value writes what follows a key or a dash, with the final newline. Lists
// below keys are indented like the key, all others deeper.
func (w *yamlWriter) value(v any, keyIndent, itemIndent int) {
	switch v := v.(type) {
	case map[string]any:
		if indent, some := w.begin("{}", len(v), keyIndent, itemIndent); some {
			w.mapping(v, indent)
		}
	case []any:
		if indent, some := w.begin("[]", len(v), keyIndent, itemIndent); some {
			w.sequence(v, indent)
		}
	default:
		w.out.WriteByte(' ')
		w.scalar(v, keyIndent)
		w.out.WriteByte('\n')
	}
}

// begin goes to where the first entry of a mapping or list stands. Of one
// without entries it writes all there is.
func (w *yamlWriter) begin(empty string, entries, keyIndent, itemIndent int) (indent int, some bool) {
	switch {
	case entries == 0:
		w.out.WriteByte(' ')
		w.out.WriteString(empty)
		w.out.WriteByte('\n')
		return 0, false
	case itemIndent > keyIndent: // after a dash
		w.out.WriteByte(' ')
		return itemIndent, true
	}
	if empty == "{}" {
		keyIndent += 2
	}
	w.out.WriteByte('\n')
	w.indent(keyIndent)
	return keyIndent, true
}

func (w *yamlWriter) indent(n int) {
	for range n {
		w.out.WriteByte(' ')
	}
}

func (w *yamlWriter) scalar(v any, indent int) {
	switch v := v.(type) {
	case nil:
		w.out.WriteString("null")
	case string:
		w.text(v, indent, false)
	case bool:
		w.out.WriteString(strconv.FormatBool(v))
	case int64:
		w.out.WriteString(strconv.FormatInt(v, 10))
	case int:
		w.out.WriteString(strconv.Itoa(v))
	case float64:
		w.out.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
	default:
		w.err = fmt.Errorf("a value of type %T", v)
	}
}
