package snapshot

import (
	"bytes"
	"encoding/base64"
)

// encodedPEM is how PEM begins in base64, as in a Secret's data.
const encodedPEM = "LS0tLS1CRUdJTi"

// redactEncodedKeys takes out base64 texts that are private keys in PEM.
// Certificates look alike at the beginning, and stay.
func redactEncodedKeys(line []byte) (out []byte, n int) {
	done := 0
	for {
		at := bytes.Index(line[done:], []byte(encodedPEM))
		if at < 0 {
			break
		}
		from := done + at
		to := from
		for to < len(line) && isBase64Byte(line[to]) {
			to++
		}
		out = append(out, line[done:from]...)
		// A text that was cut off is read as far as it goes.
		whole := line[from : from+(to-from)/4*4]
		text := make([]byte, base64.StdEncoding.DecodedLen(len(whole)))
		size, _ := base64.StdEncoding.Decode(text, whole)
		if bytes.Contains(text[:size], []byte("PRIVATE KEY")) {
			out = append(out, redacted...)
			n++
		} else {
			out = append(out, line[from:to]...)
		}
		done = to
	}
	if n == 0 {
		return line, 0
	}
	return append(out, line[done:]...), n
}

func isBase64Byte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '='
}
