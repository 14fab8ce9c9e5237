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

func printLargeJSON(w io.Writer, data any) error {
	out := bufio.NewWriterSize(w, 64<<10)
	if err := writeLarge(out, data, "\n"); err != nil {
		return err
	}
	out.WriteByte('\n')
	return out.Flush()
}

// printLargeYAML converts the JSON while it is written.
func printLargeYAML(w io.Writer, data any) error {
	text, into := io.Pipe()
	go func() {
		out := bufio.NewWriterSize(into, 64<<10)
		err := writeLarge(out, data, "\n")
		if err == nil {
			err = out.Flush()
		}
		into.CloseWithError(err)
	}()
	err := yamlOf(w, text)
	text.CloseWithError(err)
	return err
}

// writeLarge writes a value after what stands before it on its line. line ends a line and
// begins the next with its indentation. Errors of the writer are kept until it is flushed.
func writeLarge(out *bufio.Writer, v any, line string) error {
	switch v := v.(type) {
	case Object:
		return writeMembers(out, v, line)
	case List:
		return writeElements(out, v, line)
	}
	text, err := jsonOf(v, line)
	out.Write(text)
	return err
}

func writeMembers(out *bufio.Writer, members Object, line string) error {
	if len(members) == 0 {
		out.WriteString("{}")
		return nil
	}
	for i, m := range members {
		out.WriteString([]string{"{", ","}[min(i, 1)] + line + step)
		name, err := json.Marshal(m.Name)
		if err != nil {
			return err
		}
		out.Write(name)
		out.WriteString(": ")
		if err := writeLarge(out, m.Value, line+step); err != nil {
			return err
		}
	}
	out.WriteString(line + "}")
	return nil
}

// writeElements makes the texts of some elements at a time on all processors: few enough to
// hold little.
func writeElements(out *bufio.Writer, list List, line string) error {
	if len(list) == 0 {
		out.WriteString("[]")
		return nil
	}
	workers := runtime.GOMAXPROCS(0)
	between := "[" + line + step
	for some := range slices.Chunk(list, 16*workers) {
		texts, failures := make([][]byte, len(some)), make([]error, len(some))
		var work sync.WaitGroup
		for first := range workers {
			work.Go(func() {
				for i := first; i < len(some); i += workers {
					if !isLarge(some[i]) || isLazy(some[i]) {
						texts[i], failures[i] = jsonOf(some[i], line+step)
					}
				}
			})
		}
		work.Wait()
		for i, element := range some {
			out.WriteString(between)
			between = "," + line + step
			if texts[i] == nil && failures[i] == nil {
				failures[i] = writeLarge(out, element, line+step)
			}
			if failures[i] != nil {
				return failures[i]
			}
			out.Write(texts[i])
		}
	}
	out.WriteString(line + "]")
	return nil
}

func isLazy(v any) bool {
	_, lazy := v.(Lazy)
	return lazy
}

// jsonOf is a value as indented JSON.
func jsonOf(v any, line string) ([]byte, error) {
	if lazy, ok := v.(Lazy); ok {
		v = lazy()
	}
	text, isText := v.(jsontext.Value)
	if !isText {
		var plain bytes.Buffer
		e := json.NewEncoder(&plain)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			return nil, err
		}
		text = bytes.TrimSpace(plain.Bytes())
	}
	out, err := jsontext.AppendFormat(make([]byte, 0, 3*len(text)), text, jsontext.Multiline(true), // several times as fast as json.Indent
		jsontext.WithIndentPrefix(line[1:]), jsontext.WithIndent(step), jsontext.PreserveRawStrings(true),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return nil, fmt.Errorf("writing JSON: %w", err)
	}
	return out, nil
}
