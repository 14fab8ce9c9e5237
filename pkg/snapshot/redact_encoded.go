package snapshot

import (
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"encoding/base64"
	"io"
)

// How in base64 those texts begin that may hold a secret: PEM, JSON, and keys
// without PEM around them.
func encodedBegins() [][]byte {
	return [][]byte{[]byte("LS0tLS1CRUdJTi"), []byte("eyJ"), []byte("MII")}
}

// redactEncoded takes out base64 texts with a secret inside. Certificates look
// like keys at the beginning, and stay, as do JSON web tokens for their own rule.
func (r *redactor) redactEncoded(line []byte) (out []byte, n int) {
	done, from := 0, 0
	for from < len(line) {
		at := -1
		for _, begin := range encodedBegins() {
			if i := bytes.Index(line[from:], begin); i >= 0 && (at < 0 || i < at) {
				at = i
			}
		}
		if at < 0 {
			break
		}
		from += at
		to := from
		for to < len(line) && isBase64Byte(line[to]) {
			to++
		}
		isToken := to < len(line) && line[to] == '.'
		if !isToken && r.holdsSecret(decode(line[from:to])) {
			out = append(append(out, line[done:from]...), redacted...)
			done = to
			n++
		}
		from = max(to, from+1)
	}
	if n == 0 {
		return line, 0
	}
	return append(out, line[done:]...), n
}

// decode reads base64; a text that was cut off is read as far as it goes.
func decode(text []byte) []byte {
	whole := text[:len(text)/4*4]
	out := make([]byte, base64.StdEncoding.DecodedLen(len(whole)))
	size, _ := base64.StdEncoding.Decode(out, whole)
	return out[:size]
}

// holdsSecret reports that a text, or a key in binary, is one that must not leave the mesh.
func (r *redactor) holdsSecret(text []byte) bool {
	if len(text) == 0 {
		return false
	}
	const sequence = 0x30 // how keys in DER begin
	if text[0] == sequence && isKey(text) {
		return true
	}
	found := map[string]int{}
	r.text(text, found)
	return len(found) > 0
}

func isKey(der []byte) bool {
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return true
	}
	if _, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return true
	}
	_, err := x509.ParseECPrivateKey(der)
	return err == nil
}

// Limits of what is decoded to look inside of it.
const (
	shortestDocument = 24      // of base64
	largestInflated  = 4 << 20 // bytes
)

// isEncodedSecret reports that a value of an object is base64, perhaps of base64
// or of something compressed, with a secret inside.
func isEncodedSecret(value string) bool {
	text := []byte(value)
	for range 3 { // Helm's releases are encoded twice
		text = bytes.Join(bytes.Fields(text), nil)
		if len(text) < shortestDocument || len(text)%4 != 0 || bytes.ContainsFunc(text, func(r rune) bool { return r > 127 || !isBase64Byte(byte(r)) }) {
			return false
		}
		text = decode(text)
		if zip, err := gzip.NewReader(bytes.NewReader(text)); err == nil {
			text, _ = io.ReadAll(io.LimitReader(zip, largestInflated)) // what can be read of it is looked at
		}
		if theRedactor().holdsSecret(text) {
			return true
		}
	}
	return false
}

func isBase64Byte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '+' || c == '/' || c == '='
}
