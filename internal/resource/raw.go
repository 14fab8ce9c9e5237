package resource

import "bytes"

// Raw is the JSON of one of the object's top-level fields, such as "spec", or
// nil if it is not set. It is a part of JSON, not a copy.
func (o *Object) Raw(field string) []byte {
	s := rawScanner{text: o.JSON}
	if !s.take('{') {
		return nil
	}
	for {
		key := s.value()
		if len(key) < 2 || !s.take(':') {
			return nil
		}
		value := s.value()
		if string(key[1:len(key)-1]) == field {
			if bytes.Equal(value, []byte("null")) {
				return nil
			}
			return value
		}
		if !s.take(',') {
			return nil
		}
	}
}

// rawScanner steps over values of JSON that is known to be well-formed.
type rawScanner struct {
	text []byte
	at   int
}

func (s *rawScanner) skipBlanks() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

func (s *rawScanner) take(c byte) bool {
	s.skipBlanks()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

// value steps over one value and returns its text.
func (s *rawScanner) value() []byte {
	s.skipBlanks()
	start, depth := s.at, 0
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case '"':
			s.at = endOfString(s.text, s.at)
			if depth == 0 {
				return s.text[start:s.at]
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return bytes.TrimSpace(s.text[start:s.at])
			}
			if depth--; depth == 0 {
				s.at++
				return s.text[start:s.at]
			}
		case ',', ':':
			if depth == 0 {
				return bytes.TrimSpace(s.text[start:s.at])
			}
		}
		s.at++
	}
	return s.text[start:s.at]
}

// endOfString is the position after the string that starts at a quote.
func endOfString(text []byte, at int) int {
	for at++; at < len(text); at++ {
		switch text[at] {
		case '\\':
			at++
		case '"':
			return at + 1
		}
	}
	return len(text)
}
