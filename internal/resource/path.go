package resource

import (
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
