package install

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// segment is one step of a --set path: a key, a list index, or a selector
// that picks the list element whose field has a value.
type segment struct {
	key      string
	list     bool   // index or selector, not a key
	index    int    // valid if list and selector is empty; beyond the end (or negative) appends
	selector string // field name of [field:value]
	leaf     bool   // [:value], an element that is the value itself
	value    string
}

func (s segment) String() string {
	switch {
	case s.leaf, s.selector != "":
		return "[" + s.selector + ":" + s.value + "]"
	case s.list:
		return "[" + strconv.Itoa(s.index) + "]"
	}
	return s.key
}

// parsePath splits a path such as
//
//	components.ingressGateways[name:istio-ingressgateway].enabled
//	values.global.podAnnotations.prometheus\.io/scrape
//
// A backslash keeps a dot inside a key; dots inside brackets separate nothing.
func parsePath(text string) ([]segment, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("the path is empty")
	}
	var segments []segment
	for _, part := range splitDots(path.Clean(text)) {
		if part == "" {
			continue // "a..b", ".a" and "a." read as "a.b" and "a", as they always have
		}
		key, brackets := part, ""
		if i := strings.IndexByte(part, '['); i >= 0 {
			key, brackets = part[:i], part[i:]
		}
		if key != "" {
			segments = append(segments, segment{key: key})
		}
		more, err := parseBrackets(brackets)
		if err != nil {
			return nil, fmt.Errorf("reading path %q: %w", text, err)
		}
		segments = append(segments, more...)
	}
	switch {
	case len(segments) == 0:
		return nil, fmt.Errorf("path %q names no field", text)
	case segments[0].list:
		return nil, fmt.Errorf("path %q starts with a list index; a field name comes first", text)
	}
	return segments, nil
}

// splitDots splits at dots that are neither escaped nor inside brackets, and
// removes the escapes.
func splitDots(text string) []string {
	var parts []string
	var current strings.Builder
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && text[i+1] == '.':
			current.WriteByte('.')
			i++
		case c == '.' && depth == 0:
			parts = append(parts, current.String())
			current.Reset()
		default:
			if c == '[' {
				depth++
			} else if c == ']' && depth > 0 {
				depth--
			}
			current.WriteByte(c)
		}
	}
	return append(parts, current.String())
}

// parseBrackets reads "[0]", "[name:x]" and rows of them.
func parseBrackets(text string) ([]segment, error) {
	var segments []segment
	for text != "" {
		end := strings.IndexByte(text, ']')
		if text[0] != '[' || end < 0 {
			return nil, fmt.Errorf("%q is not an index like [0] or a selector like [name:x]", text)
		}
		inner := text[1:end]
		text = text[end+1:]
		if n, err := strconv.Atoi(inner); err == nil {
			segments = append(segments, segment{list: true, index: n})
			continue
		}
		field, value, ok := strings.Cut(inner, ":")
		if !ok {
			field, value = "", inner
		}
		if value == "" {
			return nil, fmt.Errorf("[%s] is neither an index like [0] nor a selector like [name:x] or [:x]", inner)
		}
		segments = append(segments, segment{list: true, selector: field, leaf: field == "", value: value})
	}
	return segments, nil
}

// setPath writes value at the path, creating what is missing. The returned
// node replaces the given one (a list grows, a missing node comes to be); with
// an error it is the given one.
func setPath(node any, segments []segment, value any) (any, error) {
	if len(segments) == 0 {
		return value, nil
	}
	if segments[0].list {
		return setElement(node, segments, value)
	}
	key := segments[0].key
	m, ok := node.(map[string]any)
	if !ok {
		if node != nil {
			return node, fmt.Errorf("cannot set %q inside %v, which is not a mapping", key, node)
		}
		m = Values{}
	}
	child, err := setPath(m[key], segments[1:], value)
	if err != nil {
		return node, err
	}
	m[key] = child
	return m, nil
}

func setElement(node any, segments []segment, value any) (any, error) {
	step := segments[0]
	list, ok := node.([]any)
	if !ok && node != nil {
		return node, fmt.Errorf("cannot use %s on %v, which is not a list", step, node)
	}
	index := step.index
	if step.selector != "" || step.leaf {
		if index = findElement(list, step); index < 0 {
			return node, fmt.Errorf("no list element matches %s", step)
		}
	}
	if index < 0 || index >= len(list) {
		child, err := setPath(nil, segments[1:], value)
		if err != nil {
			return node, err
		}
		return append(list, child), nil
	}
	child, err := setPath(list[index], segments[1:], value)
	if err != nil {
		return node, err
	}
	list[index] = child
	return list, nil
}

// findElement gives the position of the element a selector picks, or -1.
func findElement(list []any, step segment) int {
	for i, element := range list {
		if m, ok := element.(map[string]any); ok {
			element = m[step.selector]
		} else if !step.leaf {
			continue
		}
		if fmt.Sprint(element) == step.value {
			return i
		}
	}
	return -1
}
