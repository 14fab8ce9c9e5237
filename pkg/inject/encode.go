package inject

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/runtime"
)

// encodeYAML writes an object as YAML in the way kubectl does: keys sorted,
// lists not indented. A writer of its own, because the library takes longer
// for a thousand Deployments than all the rest of injecting them.
func encodeYAML(object any) ([]byte, error) {
	m, err := asMap(object)
	if err != nil {
		return nil, err
	}
	w := yamlWriter{}
	w.mapping(m, 0)
	if w.err != nil {
		return nil, fmt.Errorf("encoding the injected object: %w", w.err)
	}
	return w.out.Bytes(), nil
}

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

// yamlWriter writes plain maps, lists and scalars.
type yamlWriter struct {
	out bytes.Buffer
	err error
}

// mapping writes entries one below the other; the first one stands where the
// writer is.
func (w *yamlWriter) mapping(m map[string]any, indent int) {
	for n, key := range slices.Sorted(maps.Keys(m)) {
		if n > 0 {
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
		w.value(m[key], indent, indent)
	}
}

func (w *yamlWriter) sequence(list []any, indent int) {
	for n, item := range list {
		if n > 0 {
			w.indent(indent)
		}
		w.out.WriteByte('-')
		w.value(item, indent, indent+2)
	}
}

// value writes what follows a key or a dash, with the final newline. Lists
// below keys are indented like the key, all others deeper.
func (w *yamlWriter) value(v any, keyIndent, itemIndent int) {
	inSequence := itemIndent > keyIndent
	switch v := v.(type) {
	case map[string]any:
		switch {
		case len(v) == 0:
			w.out.WriteString(" {}\n")
		case inSequence:
			w.out.WriteByte(' ')
			w.mapping(v, itemIndent)
		default:
			w.out.WriteByte('\n')
			w.indent(keyIndent + 2)
			w.mapping(v, keyIndent+2)
		}
	case []any:
		switch {
		case len(v) == 0:
			w.out.WriteString(" []\n")
		case inSequence:
			w.out.WriteByte(' ')
			w.sequence(v, itemIndent)
		default:
			w.out.WriteByte('\n')
			w.indent(keyIndent)
			w.sequence(v, keyIndent)
		}
	default:
		w.out.WriteByte(' ')
		w.scalar(v, keyIndent)
		w.out.WriteByte('\n')
	}
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
