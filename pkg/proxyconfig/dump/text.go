package dump

import (
	"bytes"
	"io"
	"iter"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Text is a dump as it was written, in pieces, so that a large one need not stand in memory
// as a whole a second time.
type Text []Member

// Member is a member of an object: a value, or the elements of a list. The elements of configs
// are objects in pieces themselves.
type Member struct {
	Name    string
	Value   jsontext.Value
	List    []jsontext.Value
	Configs []Text
}

// readText reads the outermost object of a dump.
func (s *scanner) readText() (Text, error) {
	text := Text{}
	err := s.members(func(name string) error {
		m, err := s.member(name)
		text = append(text, m)
		return err
	})
	return text, err
}

func (s *scanner) member(name string) (m Member, err error) {
	m.Name = name
	if s.peek() != '[' {
		m.Value, err = s.value()
		return m, err
	}
	m.List = []jsontext.Value{}
	err = s.elements(func(int) error {
		if fold(name) == "configs" && s.peek() == '{' {
			config, err := s.readText()
			m.Configs = append(m.Configs, config)
			return err
		}
		value, err := s.value()
		m.List = append(m.List, value)
		return err
	})
	return m, err
}

// JSON gives the text, piece by piece, with each value as edit leaves it.
func (t Text) JSON(edit func(jsontext.Value) jsontext.Value) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) { t.write(edit, yield) }
}

func (t Text) write(edit func(jsontext.Value) jsontext.Value, yield func([]byte) bool) bool {
	begin := "{"
	for _, m := range t {
		name, err := jsontext.AppendQuote(nil, m.Name)
		if err != nil {
			name = []byte(strconv.QuoteToASCII(m.Name))
		}
		if !yield([]byte(begin + string(name) + ":")) {
			return false
		}
		begin = ",\n"
		switch {
		case m.Value != nil:
			if !yield(edit(m.Value)) {
				return false
			}
			continue
		case !yield([]byte{'['}):
			return false
		}
		for i, c := range m.Configs {
			if i > 0 && !yield([]byte(begin)) || !c.write(edit, yield) {
				return false
			}
		}
		for i, v := range m.List {
			if (i > 0 || len(m.Configs) > 0) && !yield([]byte(begin)) || !yield(edit(v)) {
				return false
			}
		}
		if !yield([]byte{']'}) {
			return false
		}
	}
	if begin == "{" {
		return yield([]byte("{}"))
	}
	return yield([]byte{'}'})
}

// readWhole keeps the text of a dump besides the wanted sections.
func readWhole(in io.Reader, want Section) (*Dump, error) {
	s := newScanner(in)
	text, err := s.readText()
	if err == nil {
		err = s.atEnd()
	}
	if err != nil {
		return nil, err
	}
	next, stop := iter.Pull(text.JSON(func(v jsontext.Value) jsontext.Value { return v }))
	defer stop()
	d, err := readJSON(&pieceReader{next: next}, want)
	if d != nil {
		d.Text = text
	}
	return d, err
}

// pieceReader reads what comes in pieces.
type pieceReader struct {
	next func() ([]byte, bool)
	rest bytes.Reader
}

// Read implements io.Reader.
func (r *pieceReader) Read(into []byte) (int, error) {
	for r.rest.Len() == 0 {
		piece, ok := r.next()
		if !ok {
			return 0, io.EOF
		}
		r.rest.Reset(piece)
	}
	return r.rest.Read(into)
}
