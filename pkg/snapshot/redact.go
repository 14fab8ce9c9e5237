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

// all rules are for text of any kind: logs, dumps, values inside of objects. What
// precedes a secret is kept, so that a reader sees what was there.
func (r *redactor) all() []rule {
	return []rule{
		{
			name: "private key", hints: []string{"private key"}, manyLines: true, replace: redacted,
			pattern: regexp.MustCompile(`-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----[\s\S]*?(-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|$)`),
		},
		{name: "value of a header", hints: pairHints(), manyLines: true, take: redactPairs},
		{name: "value of a header", hints: []string{"value: "}, manyLines: true, take: redactYAMLPairs},
		{name: "value of a header", hints: []string{"', '", `(\"`, `("`, "('"}, take: redactCalls},
		{name: "block of YAML", hints: []string{": |", ": >", "passwords:", "tokens:", "keys:"}, manyLines: true, take: redactBlocks},
		{name: "value of a variable", hints: []string{"key_values"}, manyLines: true, take: redactVariablesOfWasm},
		{
			name: "API key", hints: []string{`"client"`}, manyLines: true, replace: "${1}" + redacted,
			pattern: regexp.MustCompile(`("client"\s*:\s*"[^"]*"\s*,\s*"key"\s*:\s*")[^"]+`),
		},
		{
			name: "private part of a JSON web key", hints: []string{`kty\"`, `"kty"`}, manyLines: true, replace: "${1}" + redacted,
			pattern: regexp.MustCompile(`(\\*"(?:k|d|p|q|dp|dq|qi)\\*"\s*:\s*\\*")[A-Za-z0-9_=-]{16,}`),
		},
		{
			name: "applied configuration", hints: []string{"last-applied-configuration"}, replace: "${1}" + redacted,
			pattern: regexp.MustCompile(`("kubectl\.kubernetes\.io/last-applied-configuration"\s*:\s*")(?:[^"\\]|\\.)+`),
		},
		{
			name: "hash of a password", hints: []string{"{sha}", "$2", "$apr1$", "$5$", "$6$"}, replace: "${1}" + redacted,
			pattern: regexp.MustCompile(`(\{SHA\}|\$(?:2[aby]|apr1|5|6)\$)[A-Za-z0-9./+=$]{20,}`),
		},
		{
			name: "address of a webhook", hints: []string{"hooks.slack.com/", "/api/webhooks/"}, replace: "${1}" + redacted,
			pattern: regexp.MustCompile(`(hooks\.slack\.com/\w+/|/api/webhooks/)[A-Za-z0-9/_-]+`),
		},
		{name: "encoded secret", hints: []string{"ls0tls1crudjti", "eyj", "mii"}, take: r.redactEncoded},
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
			name: "cloud access key", hints: []string{
				"akia", "asia", "aiza", "ya29.", "xox", "xapp-", "glpat-", "sk_live_", "rk_live_", "github_pat_", "ghp_", "gho_", "ghs_", "ghu_",
				"hvs.", "sk-", "npm_", "sg.", "dop_v1_", "age-secret-key-",
			}, replace: redacted,
			pattern: regexp.MustCompile(`\b(A(KI|SI)A[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|gh[opsu]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{22,}|glpat-[0-9A-Za-z_-]{20,}|[sr]k_live_[0-9A-Za-z]{16,}|(xox[abprs]|xapp)-[0-9A-Za-z-]{10,}` +
				`|hvs\.[0-9A-Za-z_-]{20,}|sk-[0-9A-Za-z_-]{20,}|npm_[0-9A-Za-z]{36}|SG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}|dop_v1_[0-9a-f]{64}|AGE-SECRET-KEY-1[0-9A-Z]{50,})`),
		},
		{name: "password in a URL", hints: []string{"://"}, take: redactURLs},
		{name: "named secret", hints: []string{"passw", "passphrase", "dbpass", "userpass", "secret", "token", "key", "authorization", "cookie", "pwd", "sig"}, take: redactNamed},
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
