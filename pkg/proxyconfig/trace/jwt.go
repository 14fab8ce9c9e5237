package trace

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// jwtConfig is extensions.filters.http.jwt_authn.v3.JwtAuthentication.
type jwtConfig struct {
	Providers map[string]struct {
		Issuer string `json:"issuer"`
	} `json:"providers"`
	Rules []struct {
		Match    xds.RouteMatch  `json:"match"`
		Requires *jwtRequirement `json:"requires"`
	} `json:"rules"`
}

// jwtRequirement is what a rule asks for.
type jwtRequirement struct {
	Provider      string         `json:"provider_name"`
	WithAudiences jsontext.Value `json:"provider_and_audiences"`
	Any           *jwtList       `json:"requires_any"`
	All           *jwtList       `json:"requires_all"`
	AllowMissing  jsontext.Value `json:"allow_missing"`
	AllowFailed   jsontext.Value `json:"allow_missing_or_failed"`
	Extract       jsontext.Value `json:"extract_only_without_validation"`
}

type jwtList struct {
	Requirements []jwtRequirement `json:"requirements"`
}

// withoutToken tells whether a request that has no token fulfils a requirement.
func (q *jwtRequirement) withoutToken() bool {
	switch {
	case q == nil || q.AllowMissing != nil || q.AllowFailed != nil || q.Extract != nil:
		return true
	case q.Any != nil:
		for _, one := range q.Any.Requirements {
			if one.withoutToken() {
				return true
			}
		}
		return false
	case q.All != nil:
		for _, one := range q.All.Requirements {
			if !one.withoutToken() {
				return false
			}
		}
		return true
	}
	return false
}

// jwt asks for a token: "the first matched requirement rule will be applied". Whether a
// token is valid cannot be told without asking its issuer.
func (w *walk) jwt(name string, raw jsontext.Value) (stop bool) {
	var c jwtConfig
	if raw == nil || xds.Decode(raw, &c) != nil {
		return false
	}
	var issuers []string
	for _, p := range c.Providers {
		issuers = append(issuers, p.Issuer)
	}
	step := Step{Stage: "filter", Taken: name, Why: "looks at the token (JWT) of the request",
		Details: []string{"issuers: " + strings.Join(issuers, ", ")}}
	_, hasToken := w.request.Headers["authorization"]
	hasToken = hasToken || w.request.Claims != nil
	for _, rule := range c.Rules {
		if fit := matchRoute(rule.Match, w.request); !fit.ok {
			continue
		}
		switch {
		case hasToken:
			step.Why = "checks the token of the request"
			if w.request.Claims == nil {
				w.depend("the token of the request is valid")
			}
		case rule.Requires.withoutToken():
			step.Why = "lets a request without a token pass"
		default:
			step.Why = "asks for a token, and the request has none"
			w.step(step)
			w.end(Verdict{Outcome: Refused, Status: 401, Text: fmt.Sprintf("filter %s wants a token and the request has none", name),
				Hint: "send one with --header 'authorization: Bearer ...'"})
			return true
		}
		break
	}
	w.step(step)
	return false
}
