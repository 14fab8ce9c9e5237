package printer

import (
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
)

// yamlOf writes JSON as YAML, token by token, in its order and in the form in which PrintYAML
// writes: blocks, lists not indented below their key.
func yamlOf(out yamlOut, text io.Reader, at place) error {
	y := yamlWriter{
		in:  jsontext.NewDecoder(text, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		out: out,
	}
	return y.value(at.indent, at.position)
}

type yamlWriter struct {
	in  *jsontext.Decoder
	out yamlOut
}

// yamlOut is a bytes.Buffer or a bufio.Writer, which keep their errors.
type yamlOut interface {
	WriteString(string) (int, error)
	WriteByte(byte) error
}

// position tells what stands before a value on its line.
type position int

const (
	atTop position = iota
	afterKey
	afterDash
)

// value writes the next value. indent is that of its members or elements.
func (y yamlWriter) value(indent string, at position) error {
	kind := y.in.PeekKind()
	if kind != '{' && kind != '[' {
		return y.scalar(indent, at)
	}
	if _, err := y.in.ReadToken(); err != nil {
		return err
	}
	end, empty := jsontext.Kind('}'), "{}"
	if kind == '[' {
		end, empty = ']', "[]"
		if at == afterKey {
			indent = indent[:len(indent)-len(step)]
		}
	}
	y.open(y.in.PeekKind() == end, empty, at)
	for i := 0; y.in.PeekKind() != end; i++ {
		y.indentItem(i, place{indent, at})
		if err := y.item(kind, indent); err != nil {
			return err
		}
	}
	_, err := y.in.ReadToken()
	return err
}

// open begins an object or a list; an empty one is written at once.
func (y yamlWriter) open(isEmpty bool, empty string, at position) {
	if isEmpty {
		y.begin(at)
		y.out.WriteString(empty + "\n")
	} else if at == afterKey {
		y.out.WriteByte('\n')
	}
}

// indentItem goes to where an item begins. The first one of what follows no key is there.
func (y yamlWriter) indentItem(i int, at place) {
	if i > 0 || at.position == afterKey {
		y.out.WriteString(at.indent)
	}
}

// item writes a member of an object or an element of a list.
func (y yamlWriter) item(kind jsontext.Kind, indent string) error {
	if kind == '[' {
		y.out.WriteString("- ")
		return y.value(indent+step, afterDash)
	}
	name, err := y.in.ReadToken()
	if err != nil {
		return err
	}
	y.out.WriteString(yamlString(name.String()) + ":")
	return y.value(indent+step, afterKey)
}

// begin separates a value from the key before it.
func (y yamlWriter) begin(at position) {
	if at == afterKey {
		y.out.WriteByte(' ')
	}
}

func (y yamlWriter) scalar(indent string, at position) error {
	token, err := y.in.ReadToken()
	if err != nil {
		return err
	}
	text := token.String()
	y.begin(at)
	switch {
	case token.Kind() != '"': // null, true, false and numbers are written alike
	case at != atTop && isBlock(text):
		// The lines of a text stay lines; the sign tells of line ends at its end.
		y.out.WriteString("|" + map[bool]string{false: "-"}[strings.HasSuffix(text, "\n")])
		for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
			y.out.WriteByte('\n')
			if line != "" {
				y.out.WriteString(indent + line)
			}
		}
		text = ""
	default:
		text = yamlString(text)
	}
	y.out.WriteString(text + "\n")
	return nil
}

// isBlock tells whether a text of several lines can be written line by line.
func isBlock(text string) bool {
	if !strings.Contains(text, "\n") || strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\n") || strings.HasSuffix(text, "\n\n") {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !isPrintable(r) })
}

func isPrintable(r rune) bool {
	return r != unicode.ReplacementChar && r != '\ufeff' && unicode.IsPrint(r)
}

// isPlain tells whether a text needs no quotes: it begins like a word or a path, and has
// nothing in it that YAML gives a meaning to.
func isPlain(text string) bool {
	for i, r := range text {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '/', r == '_', r > '~' && unicode.IsLetter(r):
		case i == 0:
			return isPlainNumber(text)
		case '0' <= r && r <= '9', strings.ContainsRune(".-|+~@%^&=()<>", r):
		case r == ':' || r == ' ': // neither at the end, nor next to each other
			if i+1 == len(text) || strings.IndexByte(": ", text[i+1]) >= 0 {
				return false
			}
		default:
			return false
		}
	}
	// All words that YAML 1.1 takes for something else are short.
	return text != "" && (len(text) > 5 || !slices.Contains(
		[]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"}, strings.ToLower(text)))
}

// isPlainNumber tells what looks like a number but is none in YAML: a time or an address.
func isPlainNumber(text string) bool {
	number := strings.TrimSuffix(strings.TrimSuffix(text, "s"), "m")
	if number != text && strings.Trim(number, "0123456789") == "" && number != "" {
		return true
	}
	address, err := netip.ParseAddr(text)
	return err == nil && address.Is4()
}

// yamlString writes a text with no more quotes than it needs.
func yamlString(text string) string {
	switch {
	case isPlain(text):
		return text
	case !strings.ContainsFunc(text, func(r rune) bool { return !isPrintable(r) }):
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	return strconv.Quote(text) // YAML has all of Go's escapes
}
