package snapshot

import (
	"bytes"
	"regexp"
)

// redacted stands where a secret stood.
const redacted = "[redacted]"

// rule takes one kind of secret out of text.
type rule struct {
	name      string
	hints     []string // in lower case; a line without any of these has no such secret
	manyLines bool     // the pattern may match more than a line
	pattern   *regexp.Regexp
	replace   string
	take      func(line []byte) (out []byte, n int) // in place of pattern
}

// rules are for text of any kind: logs, dumps, values inside of objects. What
// precedes a secret is kept, so that a reader sees what was there.
func rules() []rule {
	return []rule{
		{
			name: "private key", hints: []string{"private key"}, manyLines: true, replace: redacted,
			pattern: regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)`),
		},
		{
			// Envoy's form of a header: {"key": "x-api-key", "value": "..."}
			name: "header value", hints: []string{"authorization", "cookie", "api-key", "auth-token"}, manyLines: true, replace: "${1}" + redacted + `"`,
			pattern: regexp.MustCompile(`("key":\s*"(?i:authorization|proxy-authorization|cookie|set-cookie|x-api-key|x-auth-token|api-key)",\s*"(?:value|raw_value)":\s*")[^"]*"`),
		},
		{
			// Envoy's debug logs: 'cookie', 'session=...'
			name: "header value", hints: []string{"authorization'", "cookie'", "api-key'", "auth-token'"}, replace: "${1}" + redacted + "'",
			pattern: regexp.MustCompile(`('(?i:authorization|proxy-authorization|cookie|set-cookie|x-api-key|x-auth-token|api-key)', ')[^']*'`),
		},
		{
			name: "encoded private key", hints: []string{"ls0tls1crudjti"}, take: redactEncodedKeys,
		},
		{
			name: "JSON web token", hints: []string{"eyj"}, replace: redacted,
			pattern: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*`),
		},
		{
			name: "authorization header", hints: []string{"bearer ", "basic "}, replace: "$1 " + redacted,
			pattern: regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9+/_.~=-]{8,}`),
		},
		{
			// Schemes whose words say nothing elsewhere, and those with parameters: the rest of the line.
			name: "authorization header", hints: []string{"authorization:"}, replace: "$1 " + redacted,
			pattern: regexp.MustCompile(`(?i)(authorization:[ \t]+(?:token|digest|negotiate|ntlm|hawk|api-?key|signature|dpop|aws4-[a-z0-9-]+|scram-[a-z0-9-]+))[ \t]+[^\r\n]+`),
		},
		{
			name: "cookie", hints: []string{"cookie:"}, replace: "${1}" + redacted,
			pattern: regexp.MustCompile(`(?i)(cookie:[ \t]+)[^"'\\{\[\s][^"'\\\r\n]*`),
		},
		{
			name: "registry credentials", hints: []string{`"auth`}, replace: "${1}" + redacted,
			pattern: regexp.MustCompile(`("auth\\*"\s*:\s*\\*")[A-Za-z0-9+/=]{8,}`),
		},
		{
			name: "cloud access key", hints: []string{"akia", "asia", "aiza", "ya29.", "xox", "glpat-", "sk_live_", "github_pat_", "ghp_", "gho_", "ghs_", "ghu_"}, replace: redacted,
			pattern: regexp.MustCompile(`\b(A(KI|SI)A[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|gh[opsu]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{22,}|glpat-[0-9A-Za-z_-]{20,}|sk_live_[0-9A-Za-z]{16,}|xox[abprs]-[0-9A-Za-z-]{10,})`),
		},
		{name: "password in a URL", hints: []string{"://"}, take: redactURLs},
		{name: "named secret", hints: []string{"passw", "passphrase", "secret", "token", "key", "authorization", "cookie", "pwd"}, take: redactNamed},
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
	if r.take != nil {
		out, n := r.take(text)
		if n > 0 {
			counts[r.name] += n
		}
		return out
	}
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
