package resource

import "bytes"

// Document is one document of a YAML stream. Separator and Body together are
// the input's own bytes, so that a stream put together again is unchanged.
type Document struct {
	Separator []byte // the "---" line that opens the document; empty for the first
	Body      []byte
	Line      int // line on which Body starts, from 1
}

// SplitDocuments cuts a YAML stream at its document markers. A line that
// starts with "---" is a marker wherever it stands, inside block and quoted
// scalars too (YAML 1.2.2, section 9.1.2, c-forbidden), so no parsing is
// needed to find them.
func SplitDocuments(stream []byte) []Document {
	docs := make([]Document, 0, bytes.Count(stream, []byte("\n---"))+1)
	doc := Document{Line: 1}
	start, line := 0, 1
	for pos := 0; pos < len(stream); {
		end := len(stream)
		if i := bytes.IndexByte(stream[pos:], '\n'); i >= 0 {
			end = pos + i + 1
		}
		if marker := markerLength(stream[pos:end]); marker > 0 {
			doc.Body = stream[start:pos]
			if pos > 0 {
				docs = append(docs, doc)
			}
			// Content may follow on the marker's line: "--- {a: b}".
			start = pos + marker
			doc = Document{Separator: stream[pos:start], Line: line}
			if stream[start-1] == '\n' {
				doc.Line++
			}
		}
		pos = end
		line++
	}
	doc.Body = stream[start:]
	return append(docs, doc)
}

// markerLength says how many bytes of the line belong to a document marker: 0
// if it is none, the whole line if only blanks or a comment follow.
func markerLength(line []byte) int {
	bom := 0
	if bytes.HasPrefix(line, []byte(byteOrderMark)) {
		bom = len(byteOrderMark)
	}
	rest, found := bytes.CutPrefix(line[bom:], []byte("---"))
	if !found {
		return 0
	}
	trimmed := bytes.TrimSpace(rest)
	switch {
	case len(trimmed) == 0, trimmed[0] == '#' && rest[0] != '#':
		return len(line)
	case rest[0] == ' ' || rest[0] == '\t':
		return bom + len("---")
	}
	return 0
}

// Blank reports whether the document holds nothing but blanks, comments,
// directives and document end markers.
func (d Document) Blank() bool {
	for line := range bytes.Lines(d.Body) {
		line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte(byteOrderMark)))
		if len(line) == 0 || line[0] == '#' || line[0] == '%' || bytes.Equal(line, []byte("...")) {
			continue
		}
		return false
	}
	return true
}
