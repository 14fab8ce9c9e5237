package snapshot

import (
	"bytes"
	"regexp"
	"strings"
)

// redacted stands where a secret stood.
const redacted = "[redacted]"

// secretNames are names of fields, flags and variables whose values are
// secrets, in lower case without "-", "_" and ".".
var secretNames = regexp.MustCompile(`(?i)^(.*(password|passwd|passphrase|clientsecret|secretkey|secretaccesskey|secretvalue|apikey|accesskey|accesstoken|authtoken|refreshtoken|idtoken|sessiontoken|bearertoken|privatekey|credentials?json|hmackey|signingkey|encryptionkey)|authorization|proxyauthorization|cookie|setcookie|xapikey|xauthtoken|token|secret|pwd)$`)

// isSecretName reports whether a field of that name holds a secret.
func isSecretName(name string) bool {
	return secretNames.MatchString(strings.NewReplacer("-", "", "_", "", ".", "").Replace(name))
}

// rule takes one kind of secret out of text.
type rule struct {
	name      string
	hints     []string // in lower case; a line without any of these has no such secret
	manyLines bool     // the pattern may match more than a line
	pattern   *regexp.Regexp
	replace   string
}

// rules are for text of any kind: logs, dumps, values inside of objects. What
// precedes a secret is kept, so that a reader sees what was there.
func rules() []rule {
	return []rule{
		{
			"private key", []string{"private key"}, true,
			regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)`),
			redacted,
		},
		{
			"JSON web token", []string{"eyj"}, false,
			regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*`),
			redacted,
		},
		{
			"authorization header", []string{"bearer ", "basic "}, false,
			regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9+/_.~=-]{8,}`),
			"$1 " + redacted,
		},
		{
			"password in a URL", []string{"://"}, false,
			regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://[^\s/:@"'<>]*:)[^\s/@"'<>]+@`),
			"${1}" + redacted + "@",
		},
		{
			"cloud access key", []string{"akia", "asia", "aiza", "ghp_", "xox"}, false,
			regexp.MustCompile(`\b(A(KI|SI)A[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|ghp_[0-9A-Za-z]{36}|xox[abprs]-[0-9A-Za-z-]{10,})\b`),
			redacted,
		},
		{
			"named secret", []string{"passw", "passphrase", "secret", "token", "key", "authorization", "cookie"}, false,
			regexp.MustCompile(`(?i)((?:[\w.-]*(?:password|passwd|passphrase|client[_-]?secret|secret[_-]?key|secret[_-]?access[_-]?key|api[_-]?key|access[_-]?key|access[_-]?token|auth[_-]?token|refresh[_-]?token|id[_-]?token|session[_-]?token|bearer[_-]?token|private[_-]?key)|\btoken|\bsecret|\bauthorization|\bcookie|\bset-cookie)\\?["']?\s*[:=]\s*\\?["']?)([^\s"',;&\\{}\[\]][^\s"',;&\\]*)`),
			"${1}" + redacted,
		},
		{
			// Envoy's form of a header: {"key": "x-api-key", "value": "..."}
			"header value", []string{"authorization", "cookie", "api-key", "auth-token"}, true,
			regexp.MustCompile(`(?i)("key":\s*"(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key|x-auth-token|api-key)",\s*"(?:value|raw_value)":\s*")[^"]*"`),
			"${1}" + redacted + `"`,
		},
	}
}

// redactText applies the rules to text and counts what they took out.
func redactText(text []byte, counts map[string]int) []byte {
	return theRedactor().text(text, counts)
}

// text applies the rules to lines with a hint, since patterns are slow and
// secrets are rare.
func (r *redactor) text(text []byte, counts map[string]int) []byte {
	hits := r.hits(text)
	if hits == 0 {
		return text
	}
	for i, rule := range r.rules {
		if rule.manyLines && hits&(1<<i) != 0 {
			text = rule.apply(text, counts)
		}
	}
	var out []byte
	done := 0
	for at, rules := r.next(text, 0); at >= 0; at, rules = r.next(text, done) {
		start := done + bytes.LastIndexByte(text[done:at], '\n') + 1
		end := len(text)
		if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		rules |= r.hits(text[at:end])
		line := text[start:end]
		for i, rule := range r.rules {
			if !rule.manyLines && rules&(1<<i) != 0 {
				line = rule.apply(line, counts)
			}
		}
		out = append(append(out, text[done:start]...), line...)
		done = end
	}
	if done == 0 {
		return text
	}
	return append(out, text[done:]...)
}

func (r rule) apply(text []byte, counts map[string]int) []byte {
	n := 0
	for _, at := range r.pattern.FindAllIndex(text, -1) {
		if !bytes.Contains(text[at[0]:at[1]], []byte(redacted)) {
			n++
		}
	}
	if n == 0 {
		return text
	}
	counts[r.name] += n
	return r.pattern.ReplaceAll(text, []byte(r.replace))
}
