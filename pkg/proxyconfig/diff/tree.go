package diff

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// node is a JSON value that keeps its text: what is printed, and what a patch
// carries, is what the proxy wrote.
type node struct {
	kind    jsontext.Kind // '{', '[', or that of a scalar
	raw     jsontext.Value
	members []member // of an object, sorted by name
	items   []*node  // of an array
	norm    string   // see canonical
}

type member struct {
	name  string
	value *node
}

// parse makes a tree of a resource.
func parse(raw jsontext.Value) (*node, error) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	return parseNext(dec, raw)
}

func parseNext(dec *jsontext.Decoder, text []byte) (*node, error) {
	kind := dec.PeekKind()
	n := &node{kind: kind}
	if kind != '{' && kind != '[' {
		raw, err := dec.ReadValue()
		n.raw = bytes.Clone(raw)
		return n, err
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	start := dec.InputOffset() - 1
	for end := kind + 2; dec.PeekKind() != end; { // '{'+2 is '}', '['+2 is ']'
		var name string
		if kind == '{' {
			token, err := dec.ReadToken()
			if err != nil {
				return nil, err
			}
			name = token.String()
		}
		value, err := parseNext(dec, text)
		if err != nil {
			return nil, err
		}
		if kind == '{' {
			n.members = append(n.members, member{name, value})
		} else {
			n.items = append(n.items, value)
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	n.raw = text[start:dec.InputOffset()]
	slices.SortStableFunc(n.members, func(a, b member) int { return cmp.Compare(a.name, b.name) })
	// As in protobuf's JSON, the last of several members with one name counts.
	slices.Reverse(n.members)
	n.members = slices.CompactFunc(n.members, func(a, b member) bool { return a.name == b.name })
	slices.Reverse(n.members)
	return n, nil
}

// get gives a member by name, nil if there is none.
func (n *node) get(name string) *node {
	if n == nil || n.kind != '{' {
		return nil
	}
	i, found := slices.BinarySearchFunc(n.members, name, func(m member, name string) int { return cmp.Compare(m.name, name) })
	if !found {
		return nil
	}
	return n.members[i].value
}

// at follows a path of members.
func (n *node) at(path ...string) *node {
	for _, name := range path {
		n = n.get(name)
	}
	return n
}

// text is the value of a string, and the text of other scalars.
func (n *node) text() string {
	if n == nil {
		return ""
	}
	if n.kind == '"' {
		out, _ := jsontext.AppendUnquote(nil, n.raw)
		return string(out)
	}
	return string(n.raw)
}

// unescaped is a scalar without the escapes that it can do without: Envoy writes \u003e
// where istiod writes >.
func (n *node) unescaped() []byte {
	if n.kind != '"' || bytes.IndexByte(n.raw, '\\') < 0 {
		return n.raw
	}
	out, err := jsontext.AppendQuote(nil, n.text())
	if err != nil {
		return n.raw // what is no text is compared as it is
	}
	return out
}

// canonical is the value without blanks, its members sorted, and the elements of
// lists without order sorted too: equal texts mean equal values. field is the
// member that the value stands in.
func (n *node) canonical(field string) string {
	if n.norm != "" {
		return n.norm
	}
	var b strings.Builder
	switch n.kind {
	case '{':
		b.WriteByte('{')
		for _, m := range n.members {
			b.WriteString(m.name + ":" + m.value.canonical(m.name) + ",")
		}
		b.WriteByte('}')
	case '[':
		parts := make([]string, len(n.items))
		for i, item := range n.items {
			parts[i] = item.canonical(field)
		}
		if isSet(field) {
			slices.Sort(parts)
		}
		b.WriteString("[" + strings.Join(parts, ",") + "]")
	default:
		b.Write(n.unescaped())
	}
	n.norm = b.String()
	return n.norm
}
