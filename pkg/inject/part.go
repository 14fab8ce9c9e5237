package inject

import (
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// parsePart reads YAML with whole numbers as int64, the form that pods take in
// merges, where 15090 and 15090.0 are different keys.
//
// Templates put out a small, regular part of YAML, once for every workload.
// partReader reads that part in a tenth of the library's time and leaves all
// else to the library.
func parsePart(text string) (podMap, error) {
	if part, ok := readPart(text); ok {
		return part, nil
	}
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, err
	}
	var part podMap
	err = utiljson.Unmarshal(data, &part)
	return part, err
}

// partReader reads block mappings and lists, flow collections, literal blocks
// and scalars on one line. It gives up, by panicking with giveUp, at anything
// that it is not sure of.
type partReader struct {
	rest string // from the start of the next line

	// The current line that is neither blank nor a comment.
	indent int
	line   string // without indentation; "" at the end of the text
}

type giveUp struct{}

func readPart(text string) (part podMap, ok bool) {
	defer func() {
		switch r := recover(); r.(type) {
		case nil:
		case giveUp:
			part, ok = nil, false
		default:
			panic(r)
		}
	}()
	for i := range len(text) {
		if c := text[i]; c < ' ' && c != '\n' || c >= 0x7f {
			return nil, false
		}
	}
	r := &partReader{rest: text}
	r.next()
	if r.indent != 0 || r.line == "" || isItem(r.line) {
		return nil, false
	}
	part = r.mapping(0)
	return part, r.line == ""
}

// next goes to the next line with content.
func (r *partReader) next() {
	for r.rest != "" {
		line, rest, _ := strings.Cut(r.rest, "\n")
		r.rest = rest
		content := strings.TrimLeft(line, " ")
		if content == "" || content[0] == '#' {
			continue
		}
		r.indent, r.line = len(line)-len(content), strings.TrimRight(content, " ")
		if r.indent == 0 && (strings.HasPrefix(content, "---") || strings.HasPrefix(content, "...")) {
			panic(giveUp{})
		}
		return
	}
	r.indent, r.line = -1, ""
}

func isItem(line string) bool { return line == "-" || strings.HasPrefix(line, "- ") }

// block reads a mapping or list that starts on the current line.
func (r *partReader) block() any {
	if isItem(r.line) {
		return r.list(r.indent)
	}
	return r.mapping(r.indent)
}

func (r *partReader) mapping(indent int) map[string]any {
	m := map[string]any{}
	for r.indent == indent && r.line != "" && !isItem(r.line) {
		key, value, ok := splitKey(r.line)
		if !ok {
			panic(giveUp{})
		}
		if value != "" {
			m[key] = r.value(value, indent)
			continue
		}
		r.next()
		switch {
		case r.indent > indent:
			m[key] = r.block()
		case r.indent == indent && isItem(r.line):
			m[key] = r.list(indent)
		default:
			m[key] = nil
		}
	}
	if r.indent > indent {
		panic(giveUp{})
	}
	return m
}

func (r *partReader) list(indent int) []any {
	list := []any{}
	for r.indent == indent && isItem(r.line) {
		item := strings.TrimLeft(r.line[1:], " ")
		if item == "" || item[0] == '#' {
			r.next()
			if r.indent > indent {
				list = append(list, r.block())
			} else {
				list = append(list, nil)
			}
			continue
		}
		_, _, isKey := splitKey(item)
		if isKey || isItem(item) {
			r.indent += len(r.line) - len(item)
			r.line = item
			list = append(list, r.block())
			continue
		}
		list = append(list, r.value(item, indent))
	}
	if r.indent > indent {
		panic(giveUp{})
	}
	return list
}

// value reads what stands behind a key or a dash; indent is that of the key
// or the dash. The reader then is on the line after it.
func (r *partReader) value(text string, indent int) (v any) {
	switch text[0] {
	case '|':
		return r.literal(text, indent)
	case '{', '[':
		f := flowReader{text: text + "\n" + r.rest}
		v = f.collection(0)
		line, rest, _ := strings.Cut(f.text, "\n")
		if !isComment(line) {
			panic(giveUp{})
		}
		r.rest = rest
	case '"', '\'':
		var rest string
		v, rest = quoted(text)
		if !isComment(rest) {
			panic(giveUp{})
		}
	default:
		text, _, _ = strings.Cut(text, " #")
		text = strings.TrimRight(text, " ")
		if strings.Contains(text, ": ") || strings.HasSuffix(text, ":") {
			panic(giveUp{})
		}
		v = plain(text)
	}
	r.next()
	if r.indent > indent {
		panic(giveUp{}) // a scalar that goes on
	}
	return v
}

func isComment(text string) bool {
	trimmed := strings.TrimLeft(text, " ")
	return trimmed == "" || trimmed[0] == '#' && len(trimmed) < len(text)
}

// literal reads a block of text.
func (r *partReader) literal(header string, indent int) string {
	if header != "|" && header != "|-" {
		panic(giveUp{})
	}
	var lines []string
	width := 0
	for r.rest != "" {
		line, rest, ended := strings.Cut(r.rest, "\n")
		content := strings.TrimLeft(line, " ")
		at := len(line) - len(content)
		if width == 0 {
			if width = at; content == "" || at <= indent {
				panic(giveUp{})
			}
		}
		if content != "" && at < width {
			if at > indent {
				panic(giveUp{})
			}
			break
		}
		if !ended {
			panic(giveUp{})
		}
		lines = append(lines, line[min(width, len(line)):])
		r.rest = rest
	}
	if len(lines) == 0 {
		panic(giveUp{})
	}
	r.next()
	text := strings.TrimRight(strings.Join(lines, "\n"), "\n")
	if header == "|" {
		text += "\n"
	}
	return text
}
