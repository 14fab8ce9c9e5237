package dump

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// redacted stands for a secret, in the words that Envoy itself uses in a dump.
const (
	redacted       = `"[redacted]"`
	redactedBase64 = `"W3JlZGFjdGVkXQ=="` // the same as bytes
)

// sensitive lists the fields that hold a secret, in both spellings.
func sensitive() []string {
	return []string{
		"private_key", "password", "session_ticket_keys", "generic_secret", "auth_password",
		"token_secret", "hmac_secret", "passphrase", "credentials_secret",
		"privateKey", "sessionTicketKeys", "genericSecret", "authPassword", "tokenSecret", "hmacSecret",
	}
}

// Sensitive tells whether a field holds a secret. Envoy redacts these in its dumps
// (the API marks them as sensitive); bootstrap files and dumps that were made by
// hand may still have them in clear.
func Sensitive(field string) bool { return slices.Contains(sensitive(), field) }

// mayHide is a quick look for sensitive fields.
func mayHide(text []byte) bool {
	if bytes.Contains(text, []byte(`\u`)) { // a name could be written so
		return true
	}
	return slices.ContainsFunc(sensitive(), func(field string) bool { return bytes.Contains(text, []byte(field+`"`)) })
}

// Redacted is what stands in the place of a scalar below a sensitive field. Names
// of files and variables are no secrets, and useful.
func Redacted(field string, raw jsontext.Value) jsontext.Value {
	if string(raw) == `""` {
		return raw
	}
	switch field {
	case "filename", "environment_variable", "environmentVariable", "@type", "name":
		return raw
	case "inline_bytes", "inlineBytes":
		return jsontext.Value(redactedBase64)
	}
	if len(raw) == 0 || raw[0] != '"' {
		return raw
	}
	return jsontext.Value(redacted)
}

// Redact takes the secrets out of a text. It comes back as it is if it has none,
// else without blanks.
func Redact(text jsontext.Value) jsontext.Value {
	if !mayHide(text) {
		return text
	}
	var out bytes.Buffer
	c := newCamel(text, &out)
	c.keepNames = true
	if c.value(message, "") != nil || !c.hidden {
		return text
	}
	return bytes.TrimSpace(out.Bytes())
}
