package resource

import (
	"slices"
	"strings"
	"sync"
	"weak"

	"go.yaml.in/yaml/v3"
)

// source is what is needed to find a field's line again.
type source struct {
	text string // of the document
	line int    // of the file on which the text starts, from 1
	list *place // in a List; nil for an object that is a document of its own
}

// place is where an item of a List stands.
type place struct {
	path FieldPath // from the List to the item
	tree *sharedTree
}

// sharedTree is a List's tree while somebody looks at it: many findings about
// one large List must not read it once for each of them, and nobody wants to
// keep it, as it takes many times the memory of the text.
type sharedTree struct {
	mu   sync.Mutex
	root weak.Pointer[yaml.Node]
}

func (t *sharedTree) of(text string) (*yaml.Node, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if root := t.root.Value(); root != nil {
		return root, nil
	}
	root, err := parseNode(text)
	t.root = weak.Make(root)
	return root, err
}

// tree is the document as a tree, and the path in it to the object.
func (s *source) tree() (*yaml.Node, FieldPath, error) {
	if s.list == nil {
		root, err := parseNode(s.text)
		return root, nil, err
	}
	root, err := s.list.tree.of(s.text)
	return root, s.list.path, err
}

// FieldOrigin finds a field's place in the input. Where the field does not
// exist, it is the place of the nearest parent that does; for objects that
// were not read from text, it is the object's own origin.
func (o *Object) FieldOrigin(path FieldPath) Origin {
	if o.source.text == "" {
		return o.Origin
	}
	root, start, err := o.source.tree()
	if err != nil {
		return o.Origin
	}
	found, at := root, root
	for _, e := range append(slices.Clip(start), path...) {
		next, key := step(at, e)
		if next == nil {
			break
		}
		at, found = next, next
		if key != nil && next.Kind != yaml.ScalarNode {
			// A mapping or list starts on the line after its key; people look for the key.
			found = key
		}
	}
	return Origin{File: o.Origin.File, Line: o.source.line + found.Line - 1, Column: found.Column}
}

// SourceLine is a line of the input, counted as in Origin; ok is false for
// lines that are not the object's.
func (o *Object) SourceLine(number int) (line string, ok bool) {
	at := number - o.source.line
	for text := range strings.Lines(o.source.text) {
		if at == 0 {
			return strings.TrimRight(text, "\r\n"), true
		}
		at--
	}
	return "", false
}
