package snapshot

import (
	"bytes"
	"slices"
	"strings"
)

// Names of fields, flags, headers and variables whose values are secrets, in
// lower case without "-", "_" and ".".
var (
	secretEnds = []string{
		"password", "passwd", "passphrase", "token", "signature", "dbpass", "userpass",
		"clientsecret", "sessionsecret", "jwtsecret", "appsecret", "apisecret", "sharedsecret", "webhooksecret", "signingsecret",
		"cookiesecret", "hmacsecret", "tokensecret", "consumersecret",
		"secretkey", "accesskey", "accountkey", "apikey", "privatekey", "hmackey", "signingkey", "encryptionkey",
	}
	secretNames  = []string{"authorization", "proxyauthorization", "cookie", "setcookie", "secret", "pwd", "sig"}
	harmlessEnds = []string{"pagetoken", "continuetoken", "nexttoken"} // of lists that come in pages
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
	endsWith := func(end string) bool { // without making a string: this is asked of every text in a dump
		from := len(plain) - len(end)
		return from >= 0 && string(plain[from:]) == end
	}
	return slices.ContainsFunc(secretEnds, endsWith) && !slices.ContainsFunc(harmlessEnds, endsWith) ||
		slices.Contains(secretNames, string(plain))
}

// isSecretList is isSecretName for lists and maps of secrets: passwords, apiKeys.
func isSecretList(name string) bool {
	one, plural := strings.CutSuffix(name, "s")
	return plural && isSecretName(one)
}

// redactNamed takes out values behind a telling name: `password=x`, `--token x`,
// `"api_key": "x"`, also where JSON stands inside of a JSON text. It is no
// regular expression since dumps have such words in many lines.
func redactNamed(line []byte) (out []byte, n int) {
	done := 0
	for i, c := range line {
		if c != '=' && c != ':' && c != ' ' || i < done {
			continue
		}
		name := bytes.TrimRight(line[done:i], " \t")
		bare := bytes.TrimRight(name, `"'\`)
		quotedName := len(bare) < len(name)
		start := len(bare)
		for start > 0 && isNameByte(bare[start-1]) {
			start--
		}
		if c == ' ' && (start+2 > len(bare) || string(bare[start:start+2]) != "--") {
			continue
		}
		if start == len(bare) || !isSecretName(string(bare[start:])) {
			continue
		}
		from, to := valueAfter(line, i+1, quotedName)
		switch {
		case c == ' ' && from < to && line[from] == '-':
			continue // another flag
		case done == 0 && !quotedName && bare[start] != '-' && len(bytes.Trim(bare[:start], " \t-")) == 0:
			to = restOfLine(line, from, to, c)
		}
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

// restOfLine is where the value of a line ends that holds nothing but a name and
// its value, as in YAML and in properties: such values may have blanks.
func restOfLine(line []byte, from, to int, sign byte) int {
	if to <= from || from > 0 && (line[from-1] == '"' || line[from-1] == '\'') {
		return to
	}
	rest := line[to:]
	if sign == ' ' || sign == '=' && bytes.IndexByte(rest, '=') >= 0 {
		return to // more names follow
	}
	if comment := bytes.Index(rest, []byte(" #")); comment >= 0 {
		rest = rest[:comment]
	}
	return to + len(bytes.TrimRight(rest, " \t\r\n"))
}

// longUser is the length from which a user without a password is taken for a token.
const longUser = 20

// redactURLs takes out the password of SCHEME://USER:PASSWORD@HOST, and tokens
// in the place of a user.
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
		if colon < 0 && at >= longUser {
			colon = -1
		} else if colon < 0 || at < 0 || colon+1 >= at {
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
