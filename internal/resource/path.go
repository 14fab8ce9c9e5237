package resource

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// FieldPath leads to a field inside an object. List indexes are written as
// decimal numbers: FieldPath{"spec", "http", "0", "route"}.
type FieldPath []string

// Index is the path's form of a list index.
func Index(i int) string { return strconv.Itoa(i) }

// Child is the path with more elements; the receiver stays as it is.
func (p FieldPath) Child(elements ...string) FieldPath {
	return append(slices.Clip(p), elements...)
}

// String is the form known from API errors: "spec.http[0].route".
func (p FieldPath) String() string {
	var b strings.Builder
	for i, e := range p {
		_, notNumber := strconv.Atoi(e)
		switch {
		case notNumber == nil:
			b.WriteString("[" + e + "]")
		case strings.ContainsAny(e, "./"):
			b.WriteString("[" + strconv.Quote(e) + "]")
		default:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(e)
		}
	}
	return b.String()
}

// FieldOrigin finds a field's place in the input. Where the field does not
// exist, it is the place of the nearest parent that does; for objects that
// were not read from text, it is the object's own origin.
func (o *Object) FieldOrigin(path FieldPath) Origin {
	if o.source.text == nil {
		return o.Origin
	}
	root, err := parseNode(o.source.text)
	if err != nil {
		return o.Origin
	}
	at := root
	for _, e := range append(slices.Clip(o.source.root), path...) {
		next, key := step(at, e)
		if next == nil {
			break
		}
		at = next
		if key != nil && next.Kind != yaml.ScalarNode {
			// A mapping or list starts on the line after its key; people look for the key.
			root = key
		} else {
			root = next
		}
	}
	return Origin{File: o.Origin.File, Line: o.source.line + root.Line - 1, Column: root.Column}
}

// SourceLine is a line of the input, counted as in Origin; ok is false for
// lines that are not the object's.
func (o *Object) SourceLine(number int) (line string, ok bool) {
	at := number - o.source.line
	for text := range bytes.Lines(o.source.text) {
		if at == 0 {
			return strings.TrimRight(string(text), "\r\n"), true
		}
		at--
	}
	return "", false
}

// step goes from a node to its child; key is the child's key in a mapping.
func step(n *yaml.Node, element string) (child, key *yaml.Node) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch n.Kind {
	case yaml.MappingNode:
		// Backwards, because the last of duplicate keys wins.
		for i := len(n.Content) - 2; i >= 0; i -= 2 {
			if n.Content[i].Value == element {
				return n.Content[i+1], n.Content[i]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(element); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i], nil
		}
	}
	return nil, nil
}
