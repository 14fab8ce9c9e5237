package snapshot

import (
	"bytes"
	"slices"
	"strings"
)

// Names of fields, flags, headers and variables whose values are secrets, in
// lower case without "-", "_" and ".".
var (
	secretEnds  = []string{"password", "passwd", "passphrase", "clientsecret", "secretkey", "accesskey", "accountkey", "apikey", "accesstoken", "authtoken", "refreshtoken", "idtoken", "sessiontoken", "bearertoken", "privatekey", "hmackey", "signingkey", "encryptionkey"}
	secretNames = []string{"authorization", "proxyauthorization", "cookie", "setcookie", "token", "secret", "pwd"}
)

// isSecretName reports whether something of that name is a secret.
func isSecretName(name string) bool {
	plain := make([]byte, 0, 64)
	for i := max(0, len(name)-cap(plain)); i < len(name); i++ {
		switch c := name[i]; {
		case c == '-', c == '_', c == '.':
		case 'A' <= c && c <= 'Z':
			plain = append(plain, c+'a'-'A')
		default:
			plain = append(plain, c)
		}
	}
	for _, end := range secretEnds {
		if strings.HasSuffix(string(plain), end) {
			return true
		}
	}
	return slices.Contains(secretNames, string(plain))
}

// redactNamed takes out values behind a telling name: `password=x`,
// `"api_key": "x"`, also where JSON stands inside of a JSON text. It is no
// regular expression since dumps have such words in many lines.
func redactNamed(line []byte) (out []byte, n int) {
	done := 0
	for i, c := range line {
		if c != '=' && c != ':' || i < done {
			continue
		}
		name := bytes.TrimRight(line[done:i], " \t")
		bare := bytes.TrimRight(name, `"'\`)
		quotedName := len(bare) < len(name)
		start := len(bare)
		for start > 0 && isNameByte(bare[start-1]) {
			start--
		}
		if start == len(bare) || !isSecretName(string(bare[start:])) {
			continue
		}
		from, to := valueAfter(line, i+1, quotedName)
		if to <= from || isReference(string(line[from:to])) || bytes.HasPrefix(line[from:], []byte(redacted)) {
			continue
		}
		out = append(append(out, line[done:from]...), redacted...)
		done = to
		n++
	}
	if n == 0 {
		return line, 0
	}
	return append(out, line[done:]...), n
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'
}

// valueAfter is the place of a value: a text in quotes, or a word. A quoted
// name with a value that is no text (a number, an object) has nothing to hide.
func valueAfter(line []byte, at int, quotedName bool) (from, to int) {
	for at < len(line) && (line[at] == ' ' || line[at] == '\t') {
		at++
	}
	escaped := at+1 < len(line) && line[at] == '\\' && line[at+1] == '"'
	if escaped {
		at++
	}
	if at < len(line) && (line[at] == '"' || line[at] == '\'') {
		end := []byte{line[at]}
		if escaped {
			end = []byte(`\"`)
		}
		from = at + 1
		for to = from; to < len(line) && !bytes.HasPrefix(line[to:], end); to++ {
			if line[to] == '\\' {
				to++
			}
		}
		return from, min(to, len(line))
	}
	if quotedName {
		return at, at
	}
	length := bytes.IndexAny(line[at:], " \t\r\n\"',;&\\{}[]()")
	if length < 0 {
		length = len(line) - at
	}
	return at, at + length
}

// redactURLs takes out the password of SCHEME://USER:PASSWORD@HOST.
func redactURLs(line []byte) (out []byte, n int) {
	done := 0
	for {
		i := bytes.Index(line[done:], []byte("://"))
		if i < 0 {
			break
		}
		user := done + i + len("://")
		end := len(line)
		if stop := bytes.IndexAny(line[user:], " \t\r\n/\"'<>\\?#"); stop >= 0 {
			end = user + stop
		}
		at := bytes.LastIndexByte(line[user:end], '@')
		colon := bytes.IndexByte(line[user:end], ':')
		if colon < 0 || at < 0 || colon+1 >= at {
			out = append(out, line[done:end]...)
			done = end
			continue
		}
		if password := line[user+colon+1 : user+at]; string(password) != redacted {
			n++
		}
		out = append(append(out, line[done:user+colon+1]...), redacted...)
		done = user + at
	}
	if n == 0 {
		return line, 0
	}
	return append(out, line[done:]...), n
}
