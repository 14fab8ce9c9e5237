package dump

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// chunk is how much is read at a time. Larger resources make the buffer grow.
const chunk = 256 << 10

// SyntaxError is text that is not the JSON it should be.
type SyntaxError struct {
	Line   int   // from 1
	Offset int64 // bytes before the place
	Text   string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// scanner walks over JSON text without decoding it. What is skipped is checked
// for its brackets and strings only: that is what makes it several times faster
// than a decoder.
type scanner struct {
	r     io.Reader
	buf   []byte
	pos   int   // next byte in buf
	base  int64 // bytes before buf
	lines int   // line ends before buf
	keep  int   // start of a value to keep in buf, -1 for none
	stack []byte
	eof   bool
	err   error
}

func newScanner(r io.Reader) *scanner {
	return &scanner{r: r, buf: make([]byte, 0, chunk), keep: -1}
}

// more reads the next chunk; false at the end or after an error.
func (s *scanner) more() bool {
	if s.eof || s.err != nil {
		return false
	}
	from := s.pos
	if s.keep >= 0 {
		from = s.keep
	}
	s.lines += bytes.Count(s.buf[:from], []byte{'\n'})
	s.base += int64(from)
	rest := copy(s.buf[:cap(s.buf)], s.buf[from:])
	s.buf = s.buf[:rest]
	s.pos -= from
	if s.keep >= 0 {
		s.keep = 0
	}
	if cap(s.buf)-rest < chunk/2 {
		grown := make([]byte, rest, 2*cap(s.buf))
		copy(grown, s.buf)
		s.buf = grown
	}
	for {
		n, err := s.r.Read(s.buf[rest:cap(s.buf)])
		s.buf = s.buf[:rest+n]
		if errors.Is(err, io.EOF) {
			s.eof = true
		} else if err != nil {
			s.err = err
		}
		if n > 0 || err != nil {
			return n > 0
		}
	}
}

// fail makes an error that names the place.
func (s *scanner) fail(format string, args ...any) error {
	if s.err != nil {
		return s.err
	}
	text := fmt.Sprintf(format, args...)
	if s.pos >= len(s.buf) && s.eof {
		text = "the text ends too early, it seems to be cut off"
	}
	pos := min(s.pos, len(s.buf))
	return &SyntaxError{
		Line:   s.lines + bytes.Count(s.buf[:pos], []byte{'\n'}) + 1,
		Offset: s.base + int64(pos),
		Text:   text,
	}
}

// peek gives the next byte that is not a blank, 0 at the end.
func (s *scanner) peek() byte {
	for {
		for s.pos < len(s.buf) {
			switch c := s.buf[s.pos]; c {
			case ' ', '\n', '\t', '\r':
				s.pos++
			default:
				return c
			}
		}
		if !s.more() {
			return 0
		}
	}
}

// expect steps over one byte.
func (s *scanner) expect(c byte) error {
	if got := s.peek(); got != c {
		return s.fail("expected %q, found %q", c, got)
	}
	s.pos++
	return nil
}

// atEnd checks that nothing follows.
func (s *scanner) atEnd() error {
	if c := s.peek(); c != 0 {
		return s.fail("expected the end of the dump, found %q", c)
	}
	return nil
}

// text reads a string.
func (s *scanner) text() (string, error) {
	raw, err := s.value()
	if err != nil {
		return "", err
	}
	if len(raw) < 2 || raw[0] != '"' {
		return "", s.fail("expected a string, found %.40s", raw)
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil
	}
	return unquote(raw)
}

// members calls f for each member of the object that comes next. f must read or
// skip the value.
func (s *scanner) members(f func(name string) error) error {
	if err := s.expect('{'); err != nil {
		return err
	}
	if s.peek() == '}' {
		s.pos++
		return nil
	}
	for {
		name, err := s.text()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := f(name); err != nil {
			return err
		}
		if done, err := s.next('}'); done || err != nil {
			return err
		}
	}
}

// elements calls f for each element of the array that comes next. A null counts
// as an empty array.
func (s *scanner) elements(f func(i int) error) error {
	if s.peek() == 'n' {
		return s.skip()
	}
	if err := s.expect('['); err != nil {
		return err
	}
	if s.peek() == ']' {
		s.pos++
		return nil
	}
	for i := 0; ; i++ {
		if err := f(i); err != nil {
			return err
		}
		if done, err := s.next(']'); done || err != nil {
			return err
		}
	}
}

// next steps over a comma, or over the end of the list.
func (s *scanner) next(end byte) (bool, error) {
	switch c := s.peek(); c {
	case ',':
		s.pos++
		return false, nil
	case end:
		s.pos++
		return true, nil
	default:
		return false, s.fail("expected ',' or %q, found %q", end, c)
	}
}

// value reads the next value as it is written, in memory of its own.
func (s *scanner) value() ([]byte, error) {
	s.peek()
	s.keep = s.pos
	err := s.skip()
	start := s.keep
	s.keep = -1
	if err != nil {
		return nil, err
	}
	return bytes.Clone(s.buf[start:s.pos]), nil
}

// skip steps over the next value.
func (s *scanner) skip() error {
	s.stack = s.stack[:0]
	switch c := s.peek(); c {
	case '{', '[':
		return s.skipNested()
	case '"':
		s.pos++
		return s.skipString()
	case 0, '}', ']', ',', ':':
		return s.fail("expected a value, found %q", c)
	default:
		return s.skipScalar()
	}
}

// skipNested steps over an object or an array with all that is in it.
func (s *scanner) skipNested() error {
	for {
		buf := s.buf
		i := s.pos
		for i < len(buf) {
			c := buf[i]
			i++
			// '[' and '{', ']' and '}' differ in this bit only: three comparisons for a byte.
			if c != '"' && c|0x20 != '{' && c|0x20 != '}' {
				continue
			}
			switch c {
			case '"':
				end := bytes.IndexByte(buf[i:], '"')
				// The plain string that ends in this chunk is by far the most common.
				if end >= 0 && (end == 0 || buf[i+end-1] != '\\') {
					i += end + 1
					continue
				}
				s.pos = i
				if err := s.skipString(); err != nil {
					return err
				}
				buf, i = s.buf, s.pos
			case '{', '[':
				s.stack = append(s.stack, c+2) // '{'+2 is '}', '['+2 is ']'
			default:
				if s.stack[len(s.stack)-1] != c {
					s.pos = i - 1
					return s.fail("expected %q, found %q", s.stack[len(s.stack)-1], c)
				}
				if s.stack = s.stack[:len(s.stack)-1]; len(s.stack) == 0 {
					s.pos = i
					return nil
				}
			}
		}
		s.pos = i
		if !s.more() {
			return s.fail("expected %q", s.stack[len(s.stack)-1])
		}
	}
}

// skipString steps over the rest of a string, whose first quote is behind pos.
func (s *scanner) skipString() error {
	for {
		for s.pos < len(s.buf) {
			at := bytes.IndexAny(s.buf[s.pos:], `"\`)
			if at < 0 {
				s.pos = len(s.buf)
				break
			}
			s.pos += at + 1
			if s.buf[s.pos-1] == '"' {
				return nil
			}
			if s.pos == len(s.buf) && !s.more() {
				return s.fail("expected the end of a string")
			}
			s.pos++ // the byte after a backslash
		}
		if !s.more() {
			return s.fail("expected the end of a string")
		}
	}
}

// skipScalar steps over a number, true, false or null.
func (s *scanner) skipScalar() error {
	s.peek()
	start := s.base + int64(s.pos)
	for {
		for s.pos < len(s.buf) {
			switch c := s.buf[s.pos]; {
			case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c == '-', c == '+', c == '.', c == 'E':
				s.pos++
			default:
				if s.base+int64(s.pos) == start {
					return s.fail("expected a value, found %s", strconv.QuoteRune(rune(c)))
				}
				return nil
			}
		}
		if !s.more() {
			return s.err
		}
	}
}
