package resource

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// plainNode reads the plain form in which nearly all manifests are written:
// block mappings and lists, one-line scalars, short lists in brackets. It is
// several times faster than the YAML library, and gives the same tree. For
// anything else it gives nil, and the library has to do the work.
func plainNode(text string) *yaml.Node { return new(plainParser).read(text) }

// read is plainNode. The tree is good until the next read, which uses its
// memory again: nodes are by far the most that reading a manifest allocates.
func (p *plainParser) read(text string) *yaml.Node {
	for i := range len(text) {
		if b := text[i]; b < ' ' && b != '\n' || b >= 0x7f {
			return nil
		}
	}
	p.lines, p.at, p.used = p.lines[:0], 0, 0
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, " \n")
		content := strings.TrimLeft(line, " ")
		if content == "" || content[0] == '#' {
			continue
		}
		p.lines = append(p.lines, plainLine{number, len(line) - len(content), content})
	}
	if len(p.lines) == 0 || p.lines[0].indent != 0 {
		return nil
	}
	root := p.block(0, 0)
	if root == nil || p.at < len(p.lines) {
		return nil
	}
	return root
}

type plainLine struct {
	number, indent int
	text           string
}

type plainParser struct {
	lines []plainLine
	at    int
	slabs []*[slabSize]yaml.Node // nodes are allocated many at a time
	used  int                    // nodes that belong to the present tree
}

const slabSize = 32

func (p *plainParser) node(kind yaml.Kind, tag string, line, indent int) *yaml.Node {
	if p.used == len(p.slabs)*slabSize {
		p.slabs = append(p.slabs, new([slabSize]yaml.Node))
	}
	n := &p.slabs[p.used/slabSize][p.used%slabSize]
	p.used++
	*n = yaml.Node{Kind: kind, Tag: tag, Line: line, Column: indent + 1, Content: n.Content[:0]}
	return n
}

// deepest is how deep plain manifests nest; others are the library's business.
const deepest = 64

// block reads the mapping or list that starts at the current line.
func (p *plainParser) block(indent, depth int) *yaml.Node {
	line := p.lines[p.at]
	if depth > deepest {
		return nil
	}
	if isItem(line.text) {
		n := p.node(yaml.SequenceNode, "!!seq", line.number, indent)
		for p.at < len(p.lines) && p.lines[p.at].indent == indent && isItem(p.lines[p.at].text) {
			item := p.item(indent, depth)
			if item == nil {
				return nil
			}
			n.Content = append(n.Content, item)
		}
		return n
	}
	n := p.node(yaml.MappingNode, "!!map", line.number, indent)
	for p.at < len(p.lines) && p.lines[p.at].indent == indent && !isItem(p.lines[p.at].text) {
		line := p.lines[p.at]
		length := keyLength(line.text)
		if length == 0 {
			return nil
		}
		key := p.scalar(line.text[:length], line.number, indent)
		if key == nil {
			return nil
		}
		p.at++
		value := p.value(line, length, indent, depth)
		if value == nil {
			return nil
		}
		n.Content = append(n.Content, key, value)
	}
	return n
}

func isItem(text string) bool { return text == "-" || strings.HasPrefix(text, "- ") }

// value reads what follows a key, on its line or on those after it.
func (p *plainParser) value(line plainLine, length, indent, depth int) *yaml.Node {
	rest := line.text[length+1:]
	content := strings.TrimLeft(rest, " ")
	if content != "" {
		return p.oneLine(content, line.number, indent+length+1+len(rest)-len(content), indent)
	}
	if p.at == len(p.lines) {
		return nil
	}
	next := p.lines[p.at]
	if next.indent > indent || next.indent == indent && isItem(next.text) {
		return p.block(next.indent, depth+1)
	}
	return nil // an empty value
}

// item reads one item of a list; a mapping may start on the line of its dash.
func (p *plainParser) item(indent, depth int) *yaml.Node {
	line := p.lines[p.at]
	content := strings.TrimLeft(line.text[1:], " ")
	inner := indent + len(line.text) - len(content)
	if content == "" || isItem(content) {
		return nil
	}
	if keyLength(content) > 0 {
		p.lines[p.at] = plainLine{line.number, inner, content}
		return p.block(inner, depth+1)
	}
	p.at++
	return p.oneLine(content, line.number, inner, indent)
}

// oneLine reads a value that must end on its line.
func (p *plainParser) oneLine(text string, line, column, indent int) *yaml.Node {
	if p.at < len(p.lines) && p.lines[p.at].indent > indent {
		return nil // it goes on
	}
	switch {
	case text == "{}":
		n := p.node(yaml.MappingNode, "!!map", line, column)
		n.Style = yaml.FlowStyle
		return n
	case text[0] == '[':
		return p.brackets(text, line, column)
	}
	return p.scalar(text, line, column)
}

// brackets reads a list of scalars in brackets.
func (p *plainParser) brackets(text string, line, column int) *yaml.Node {
	inner, closed := strings.CutSuffix(text[1:], "]")
	if !closed || strings.ContainsAny(inner, "[]{}") {
		return nil
	}
	n := p.node(yaml.SequenceNode, "!!seq", line, column)
	n.Style = yaml.FlowStyle
	column++
	if strings.TrimSpace(inner) == "" {
		return n
	}
	for item := range strings.SplitSeq(inner, ",") {
		content := strings.TrimLeft(item, " ")
		at := column + len(item) - len(content)
		column += len(item) + 1
		if content = strings.TrimRight(content, " "); content == "" || strings.Contains(content, ":") && content[0] != '"' && content[0] != '\'' {
			return nil
		}
		scalar := p.scalar(content, line, at)
		if scalar == nil {
			return nil
		}
		n.Content = append(n.Content, scalar)
	}
	return n
}

// keyLength is the length of the plain key with which a line starts; 0 if it
// does not start with one.
func keyLength(text string) int {
	for i := range len(text) {
		switch c := text[i]; {
		case c == ':':
			if i+1 == len(text) || text[i+1] == ' ' {
				return i
			}
			return 0
		case isLetter(c) || isDigit(c) || c == '_':
		case i > 0 && (c == '.' || c == '-' || c == '/'):
		default:
			return 0
		}
	}
	return 0
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// scalar reads a scalar whose type is beyond doubt.
func (p *plainParser) scalar(text string, line, column int) *yaml.Node {
	tag, style := "", yaml.Style(0)
	switch c := text[0]; {
	case c == '"' || c == '\'':
		inner := text[1:]
		end := strings.IndexByte(inner, c)
		if end < 0 || end != len(inner)-1 || strings.IndexByte(inner, '\\') >= 0 && c == '"' {
			return nil
		}
		text, tag, style = inner[:end], "!!str", yaml.DoubleQuotedStyle
		if c == '\'' {
			style = yaml.SingleQuotedStyle
		}
	case strings.Contains(text, ": ") || strings.Contains(text, " #") || text[len(text)-1] == ':':
		return nil
	case isLetter(c) || c == '/' || c == '_':
		tag = wordTag(text)
	case isDigit(c):
		tag = numberTag(text)
	}
	if tag == "" {
		return nil
	}
	n := p.node(yaml.ScalarNode, tag, line, column)
	n.Value, n.Style = text, style
	return n
}

// wordTag is the type of a plain scalar that starts with a letter.
func wordTag(text string) string {
	switch text {
	case "null", "Null", "NULL":
		return "!!null"
	case "true", "True", "TRUE", "false", "False", "FALSE":
		return "!!bool"
	}
	return "!!str"
}

// numberTag is the type of a plain scalar that starts with a digit: a decimal
// number, or a number with a unit such as 10s or 128Mi, which is a string.
func numberTag(text string) string {
	digits := 0
	for digits < len(text) && isDigit(text[digits]) {
		digits++
	}
	const safe = 15 // digits that every number type holds
	if digits == len(text) {
		if digits > safe || text[0] == '0' && digits > 1 {
			return ""
		}
		return "!!int"
	}
	for _, unit := range []string{"s", "m", "h", "ms", "Ki", "Mi", "Gi"} {
		if text[digits:] == unit {
			return "!!str"
		}
	}
	return ""
}
