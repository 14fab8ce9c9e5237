package trace

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// jwtProvider is extensions.filters.http.jwt_authn.v3.JwtProvider: whose tokens are taken, and
// where they are looked for.
type jwtProvider struct {
	Issuer  string `json:"issuer"`
	Headers []struct {
		Name   string `json:"name"`
		Prefix string `json:"value_prefix"`
	} `json:"from_headers"`
	Params  []string `json:"from_params"`
	Cookies []string `json:"from_cookies"`
}

// token is a JWT, and where in the request it was found.
type token struct{ text, place string }

// find looks for a token: "If no explicit location is specified, the following default
// locations are tried in order: the Authorization header using the Bearer schema, and the
// query parameter access_token".
func (p jwtProvider) find(r Request) token {
	if len(p.Headers)+len(p.Params)+len(p.Cookies) == 0 {
		if text, ok := strings.CutPrefix(r.Headers["authorization"], "Bearer "); ok {
			return token{text, "the header authorization"}
		}
		p.Params = []string{"access_token"}
	}
	for _, h := range p.Headers {
		value, present := r.header(h.Name)
		if _, after, ok := strings.Cut(value, h.Prefix); present && ok {
			return token{strings.TrimSpace(after), "the header " + h.Name}
		}
	}
	for _, name := range p.Params {
		if text := r.query().Get(name); text != "" {
			return token{text, "the query parameter " + name}
		}
	}
	for _, name := range p.Cookies {
		if text, ok := r.cookie(name); ok {
			return token{text, "the cookie " + name}
		}
	}
	return token{}
}

// claims reads what a token says, without checking by whom it is signed.
func (t token) claims() (map[string]string, bool) {
	parts := strings.Split(t.text, ".")
	if len(parts) != 3 {
		return nil, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	var said map[string]any
	if err != nil || json.Unmarshal(payload, &said) != nil {
		return nil, false
	}
	out := map[string]string{}
	addClaims(out, "", said)
	return out, true
}

// addClaims writes claims as --claim takes them: names of objects in objects joined by dots,
// the elements of a list by commas.
func addClaims(out map[string]string, before string, said map[string]any) {
	for name, value := range said {
		switch value := value.(type) {
		case map[string]any:
			addClaims(out, before+name+".", value)
		case []any:
			elements := make([]string, len(value))
			for i, one := range value {
				elements[i] = fmt.Sprint(one)
			}
			out[before+name] = strings.Join(elements, ",")
		case float64:
			out[before+name] = fmt.Sprintf("%.0f", value)
		default:
			out[before+name] = fmt.Sprint(value)
		}
	}
}
