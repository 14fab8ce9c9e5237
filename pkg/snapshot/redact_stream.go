package snapshot

import (
	"bytes"
	"errors"
	"io"
)

// Text is taken in pieces that end with a line: so the rules need no more
// memory than a piece, whatever the size of a dump or log. A rule that looks
// across lines (a header's name and value, a private key) may meet a seam;
// therefore a piece also never ends inside of a private key and keeps some
// lines for the next one.
const (
	pieceSize = 256 << 10
	keepBack  = 4 << 10
	longest   = 4 << 20 // a line longer than this is cut
)

// redactStream copies text without its secrets.
func redactStream(out io.Writer, in io.Reader, counts map[string]int) error {
	var rest []byte
	buffer := make([]byte, pieceSize)
	for {
		n, err := fill(buffer, in)
		rest = append(rest, buffer[:n]...)
		cut := len(rest)
		if err == nil {
			cut = seam(rest)
		}
		if _, err := out.Write(redactText(rest[:cut], counts)); err != nil {
			return err
		}
		rest = append(rest[:0], rest[cut:]...)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil: // what came before it is kept
			return err
		}
	}
}

// fill is io.ReadFull, except that it tells a stream that ends from one that
// was cut off: that of an HTTP answer says io.ErrUnexpectedEOF then.
func fill(buffer []byte, in io.Reader) (n int, err error) {
	for n < len(buffer) && err == nil {
		var more int
		more, err = in.Read(buffer[n:])
		n += more
	}
	return n, err
}

// seam is where a piece may end: 0 if nowhere yet.
func seam(text []byte) int {
	end := len(text) - keepBack
	if end < 0 {
		return 0
	}
	cut := bytes.LastIndexByte(text[:end], '\n') + 1
	// Not between the lines of one JSON object of two fields, which is where
	// Envoy's headers are: end after a closing brace instead.
	if brace := bytes.LastIndex(text[:cut], []byte("}")); brace > cut-keepBack && brace >= 0 {
		if line := bytes.IndexByte(text[brace:cut], '\n'); line >= 0 {
			cut = brace + line + 1
		}
	}
	if begin := bytes.LastIndex(text[:cut], []byte("-----BEGIN ")); begin >= 0 && !bytes.Contains(text[begin:cut], []byte("-----END ")) {
		cut = begin
	}
	if cut == 0 && len(text) > longest {
		return end
	}
	return cut
}
