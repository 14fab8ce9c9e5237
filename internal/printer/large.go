package printer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// A large document is made neither as one value nor as one text. Object and List take it in
// pieces, of which only some are held at a time; they may stand in each other, and as a whole
// in the place of a report's Data.
type (
	// Object is an object whose members are written in this order.
	Object []Member
	// List is a list.
	List []any
	// Lazy is a value that is made when it is written, at the same time as others of its list.
	Lazy func() any
)

// Member is a member of an Object. Its value is an Object, a List, a Lazy or anything that can
// be written as JSON.
type Member struct {
	Name  string
	Value any
}

// isLarge tells whether data is given in pieces.
func isLarge(data any) bool {
	switch data.(type) {
	case Object, List, Lazy:
		return true
	}
	return false
}

// step is the indentation of JSON.
const step = "  "

// notation is how a large document is written: JSON or YAML.
type notation interface {
	// write writes a value behind what stands before it on its line.
	write(out *bufio.Writer, v any, at place) error
	// text is a value that is not given in pieces, as write would write it.
	text(v any, at place) ([]byte, error)
}

// place is where a value stands: its indentation, and what is before it.
type place struct {
	indent string
	position
}

func printLarge(w io.Writer, n notation, data any) error {
	out := bufio.NewWriterSize(w, 64<<10) // keeps errors until it is flushed
	if err := n.write(out, data, place{}); err != nil {
		return err
	}
	return out.Flush()
}

// writeElements writes the elements of a list, each after what begin writes. It makes the texts
// of some at a time on all processors: few enough to hold little.
func writeElements(out *bufio.Writer, n notation, list List, at place, begin func(i int)) error {
	workers, done := runtime.GOMAXPROCS(0), 0
	for some := range slices.Chunk(list, 16*workers) {
		texts, failures := make([][]byte, len(some)), make([]error, len(some))
		var work sync.WaitGroup
		for first := range workers {
			work.Go(func() {
				for i := first; i < len(some); i += workers {
					if !inPieces(some[i]) {
						texts[i], failures[i] = n.text(some[i], at)
					}
				}
			})
		}
		work.Wait()
		for i, element := range some {
			begin(done)
			done++
			if inPieces(element) {
				failures[i] = n.write(out, element, at)
			}
			if failures[i] != nil {
				return failures[i]
			}
			out.Write(texts[i])
		}
	}
	return nil
}

// inPieces tells what write takes apart.
func inPieces(v any) bool {
	switch v.(type) {
	case Object, List:
		return true
	}
	return false
}

// largeJSON is indented JSON.
type largeJSON struct{}

func (n largeJSON) write(out *bufio.Writer, v any, at place) error {
	line := "\n" + at.indent
	inner := place{indent: at.indent + step}
	switch v := v.(type) {
	case Object:
		if len(v) == 0 {
			out.WriteString("{}")
			break
		}
		for i, m := range v {
			out.WriteString([]string{"{", ","}[min(i, 1)] + line + step)
			name, err := json.Marshal(m.Name)
			if err != nil {
				return err
			}
			out.Write(name)
			out.WriteString(": ")
			if err := n.write(out, m.Value, inner); err != nil {
				return err
			}
		}
		out.WriteString(line + "}")
	case List:
		if len(v) == 0 {
			out.WriteString("[]")
			break
		}
		err := writeElements(out, n, v, inner, func(i int) { out.WriteString([]string{"[", ","}[min(i, 1)] + line + step) })
		if err != nil {
			return err
		}
		out.WriteString(line + "]")
	default:
		text, err := n.text(v, at)
		out.Write(text)
		return err
	}
	return nil
}

func (largeJSON) text(v any, at place) ([]byte, error) {
	text, err := jsonOf(v)
	if err != nil {
		return nil, err
	}
	out, err := jsontext.AppendFormat(make([]byte, 0, 3*len(text)), text, jsontext.Multiline(true), // several times as fast as json.Indent
		jsontext.WithIndentPrefix(at.indent), jsontext.WithIndent(step), jsontext.PreserveRawStrings(true),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, fmt.Errorf("writing JSON: %w", err)
	}
	return out, nil
}

// largeYAML is YAML in the form of PrintYAML.
type largeYAML struct{}

func (n largeYAML) write(out *bufio.Writer, v any, at place) error {
	switch v := v.(type) {
	case Object:
		y := yamlWriter{out: out}
		y.open(len(v) == 0, "{}", at.position)
		for i, m := range v {
			y.indentItem(i, at)
			out.WriteString(yamlString(m.Name) + ":")
			if err := n.write(out, m.Value, place{at.indent + step, afterKey}); err != nil {
				return err
			}
		}
		return nil
	case List:
		y := yamlWriter{out: out}
		y.open(len(v) == 0, "[]", at.position)
		if at.position == afterKey {
			at.indent = at.indent[:len(at.indent)-len(step)]
		}
		return writeElements(out, n, v, place{at.indent + step, afterDash}, func(i int) {
			y.indentItem(i, at)
			out.WriteString("- ")
		})
	}
	text, err := n.text(v, at)
	out.Write(text)
	return err
}

func (largeYAML) text(v any, at place) ([]byte, error) {
	text, err := jsonOf(v)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Grow(2 * len(text))
	if err := yamlOf(&out, bytes.NewReader(text), at); err != nil {
		return nil, fmt.Errorf("writing YAML: %w", err)
	}
	return out.Bytes(), nil
}

// jsonOf is a value as JSON.
func jsonOf(v any) ([]byte, error) {
	if lazy, ok := v.(Lazy); ok {
		v = lazy()
	}
	if text, ok := v.(jsontext.Value); ok {
		return text, nil
	}
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(plain.Bytes()), err
}
