package resource

import (
	"bytes"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Item is an item of a List in the text of its document.
type Item struct {
	From, To int // it is Body[From:To], without its dash and with its last line end
	Indent   int // of its lines but the first, in blanks
}

// ListText is a List in the text of its document.
type ListText struct {
	Items    []Item
	Start    int  // of the line with the key of the items, in bytes
	Metadata bool // it has some
}

// List finds the items of a List in a document, so that one can be changed
// without touching the rest. It gives up, with nil, on what is not written one
// below the other, and on anchors, which may lead from one item into another.
func (d Document) List() *ListText {
	root, err := parseNode(string(d.Body))
	if err != nil || root.Kind != yaml.MappingNode || root.Style&yaml.FlowStyle != 0 || bytes.ContainsAny(d.Body, "&*") && anchored(root) {
		return nil
	}
	found := ListText{}
	starts := lineStarts(d.Body)
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		switch {
		case key.Value == "metadata":
			found.Metadata = true
		case key.Value != "items":
		case key.Column != 1 || value.Kind != yaml.SequenceNode || value.Style&yaml.FlowStyle != 0:
			return nil
		default:
			end := len(starts) + 1 // the line after the list
			if i+2 < len(root.Content) {
				end = root.Content[i+2].Line
			}
			found.Start = starts[key.Line-1]
			var ok bool
			if found.Items, ok = itemsBetween(d.Body, starts, value.Content, end); !ok {
				return nil
			}
		}
	}
	if found.Items == nil {
		return nil
	}
	return &found
}

// itemsBetween finds the items; false if one cannot be cut out.
func itemsBetween(body []byte, starts []int, nodes []*yaml.Node, end int) ([]Item, bool) {
	items := make([]Item, len(nodes))
	for n, node := range nodes {
		line := body[starts[node.Line-1]:]
		dash, content := bytes.IndexByte(line, '-'), node.Column-1
		if node.Kind != yaml.MappingNode || dash < 0 || dash >= content || len(bytes.Trim(line[:dash], " ")) > 0 || len(bytes.Trim(line[dash+1:content], " ")) > 0 {
			return nil, false // no object, or its dash stands on a line of its own
		}
		next := end
		if n+1 < len(nodes) {
			next = nodes[n+1].Line
		}
		for next-1 > node.Line && belongsToNext(body[starts[next-2]:], dash) {
			next--
		}
		to := len(body)
		if next-1 < len(starts) {
			to = starts[next-1]
		}
		items[n] = Item{From: starts[node.Line-1] + content, To: to, Indent: content}
	}
	return items, true
}

// belongsToNext says whether a line after an item is blank, or a comment that is
// not indented deeper than the dash.
func belongsToNext(text []byte, dash int) bool {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	trimmed := bytes.TrimLeft(line, " ")
	if len(bytes.TrimSpace(trimmed)) == 0 {
		return true
	}
	return trimmed[0] == '#' && len(line)-len(trimmed) <= dash || bytes.HasPrefix(line, []byte("..."))
}

// lineStarts are the offsets at which lines begin.
func lineStarts(text []byte) []int {
	var starts []int
	at := 0
	for line := range bytes.Lines(text) {
		starts = append(starts, at)
		at += len(line)
	}
	return starts
}

func anchored(n *yaml.Node) bool {
	return n.Anchor != "" || n.Kind == yaml.AliasNode || slices.ContainsFunc(n.Content, anchored)
}
