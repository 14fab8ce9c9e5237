package inject

import (
	"bytes"
	"strings"

	"sigs.k8s.io/yaml"
)

// splice puts changed items of a List in the place of the old ones and leaves all
// else in it as it is. It says false, and does nothing, where that is not to be
// done: the List is then written anew.
func (d *document) splice(comments []byte, objects []any) bool {
	if !d.isList() || d.crlf() {
		return false
	}
	list := d.List()
	if list == nil || len(list.Items) != len(objects) {
		return false // Lists in it, or it is written in another way
	}
	out := bytes.NewBuffer(comments[:len(comments):len(comments)])
	at := len(d.Body) - len(bytes.TrimPrefix(d.Body, []byte("\ufeff"))) + len(leadingComments(d.Body))
	if !list.Metadata { // Kubernetes' own type always writes it
		out.Write(d.Body[at:list.Start])
		out.WriteString("metadata: {}\n")
		at = list.Start
	}
	for n, item := range list.Items {
		if objects[n] == nil {
			continue
		}
		var old struct {
			Kind string `json:"kind"`
		}
		text := append(bytes.Repeat([]byte(" "), item.Indent), d.Body[item.From:item.To]...)
		if yaml.Unmarshal(text, &old) != nil {
			return false
		}
		m, err := asItem(objects[n], old.Kind != "")
		if err != nil {
			return false
		}
		text, err = encodeYAML(nil, m, item.Indent)
		if err != nil {
			return false
		}
		out.Write(d.Body[at:item.From])
		out.Write(text)
		at = item.To
	}
	out.Write(d.Body[at:])
	d.out = out.Bytes()
	return true
}

// asItem gives a changed item of a List. If the old one has left its kind to the
// List the new one does so, too.
func asItem(object any, namesKind bool) (map[string]any, error) {
	m, err := asMap(object)
	if err == nil && !namesKind {
		delete(m, "apiVersion")
		delete(m, "kind")
	}
	return m, err
}

// isList tells a List with one item from the item alone: an item's own place
// is not the document's.
func (d *document) isList() bool {
	if len(d.objects) > 1 {
		return true
	}
	if !bytes.Contains(d.Body, []byte("items")) {
		return false
	}
	var header struct {
		Kind string `json:"kind"`
	}
	return yaml.Unmarshal(d.Body, &header) == nil && header.Kind != d.objects[0].Kind
}

// list puts changed items back into their List. Nested Lists stay nested.
func (d *document) list(objects []any) (any, error) {
	root, err := parsePart(string(d.Body))
	if err != nil {
		return nil, err
	}
	next := 0
	var replace func(items []any) error
	replace = func(items []any) error {
		for n, item := range items {
			if nested, ok := nestedItems(item); ok {
				if err := replace(nested); err != nil {
					return err
				}
				continue
			}
			if next < len(objects) && objects[next] != nil {
				old, _ := item.(map[string]any)
				m, err := asItem(objects[next], old["kind"] != nil)
				if err != nil {
					return err
				}
				items[n] = m
			}
			next++
		}
		return nil
	}
	items, _ := nestedItems(root)
	if err := replace(items); err != nil {
		return nil, err
	}
	setDefault(root, "metadata", map[string]any{})
	return root, nil
}

// nestedItems gives the items of a List.
func nestedItems(object any) ([]any, bool) {
	m, _ := object.(map[string]any)
	kind, _ := m["kind"].(string)
	items, ok := m["items"].([]any)
	return items, ok && strings.HasSuffix(kind, "List")
}
