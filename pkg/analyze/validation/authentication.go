package validation

import (
	"encoding/json"
	"net/url"

	security "istio.io/api/security/v1beta1"

	"github.com/meshctl/meshctl/internal/resource"
)

// PeerAuthentication checks a PeerAuthentication.
func PeerAuthentication(p *security.PeerAuthentication) []Problem {
	r := &report{}
	at := sub(spec(), "portLevelMtls")
	if len(p.GetSelector().GetMatchLabels()) == 0 && len(p.GetPortLevelMtls()) > 0 {
		r.errorf(at, "portLevelMtls needs a selector")
	}
	for port := range p.GetPortLevelMtls() {
		if port == 0 || port > 65535 {
			r.errorf(at, "a port must be in the range 1..65535")
		}
	}
	r.selector(p.GetSelector())
	return r.problems
}

// RequestAuthentication checks a RequestAuthentication.
func RequestAuthentication(a *security.RequestAuthentication) []Problem {
	r := &report{}
	r.targets(a.GetSelector(), a.GetTargetRef(), a.GetTargetRefs())
	for i, rule := range a.GetJwtRules() {
		if rule != nil {
			r.jwtRule(sub(spec(), "jwtRules", i), rule)
		}
	}
	return r.problems
}

func (r *report) jwtRule(at resource.FieldPath, rule *security.JWTRule) {
	for i, audience := range rule.GetAudiences() {
		if audience == "" {
			r.errorf(sub(at, "audiences", i), "an audience must not be empty")
		}
	}
	if rule.GetIssuer() == "" && rule.GetJwksUri() == "" {
		r.errorf(at, "a rule needs an issuer or a jwksUri")
	}
	if uri := rule.GetJwksUri(); uri != "" {
		if u, err := url.Parse(uri); err != nil || u.Scheme != "http" && u.Scheme != "https" {
			r.errorf(sub(at, "jwksUri"), "%q is not an http or https URL", uri)
		}
	}
	r.jwks(sub(at, "jwks"), rule.GetJwks())
	for i, header := range rule.GetFromHeaders() {
		if header.GetName() == "" {
			r.errorf(sub(at, "fromHeaders", i), "the name of a header must not be empty")
		}
	}
	for i, param := range rule.GetFromParams() {
		if param == "" {
			r.errorf(sub(at, "fromParams", i), "the name of a query parameter must not be empty")
		}
	}
	for i, cookie := range rule.GetFromCookies() {
		if cookie == "" {
			r.errorf(sub(at, "fromCookies", i), "the name of a cookie must not be empty")
		}
	}
	for i, output := range rule.GetOutputClaimToHeaders() {
		at := sub(at, "outputClaimToHeaders", i)
		if output.GetClaim() == "" || output.GetHeader() == "" {
			r.errorf(at, "outputClaimToHeaders needs header and claim")
			continue
		}
		r.check(sub(at, "header"), checkPlainHeader(output.GetHeader()))
	}
	r.duration(at, "timeout", rule.GetTimeout())
}

// webKey is what has to be known of a JSON Web Key (RFC 7517) to judge it:
// its type, and the members that only a private or shared key has.
type webKey struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	D   string `json:"d"`
	K   string `json:"k"`
	N   string `json:"n"`
	E   string `json:"e"`
	X   string `json:"x"`
	Y   string `json:"y"`
}

func (k webKey) valid() bool {
	switch k.Kty {
	case "RSA":
		return k.N != "" && k.E != ""
	case "EC":
		return k.Crv != "" && k.X != "" && k.Y != ""
	case "OKP":
		return k.Crv != "" && k.X != ""
	case "oct":
		return k.K != ""
	}
	return false
}

func (r *report) jwks(at resource.FieldPath, text string) {
	if text == "" {
		return
	}
	var set struct {
		Keys *[]webKey `json:"keys"`
		webKey
	}
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		r.errorf(at, "the keys are not JSON: %v", err)
		return
	}
	keys := []webKey{set.webKey}
	if set.Keys != nil {
		keys = *set.Keys
	}
	for _, key := range keys {
		if !key.valid() {
			r.errorf(at, "the keys are not a JSON Web Key Set: one has no type or lacks members of its type %q", key.Kty)
			return
		}
	}
	for i, key := range keys {
		if key.D != "" || key.Kty == "oct" {
			r.warnf(at, "key %d has private parts: tokens are verified with the public part, which is all that belongs here", i)
		}
	}
}
