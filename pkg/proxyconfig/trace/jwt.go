package trace

import (
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// jwtConfig is extensions.filters.http.jwt_authn.v3.JwtAuthentication.
type jwtConfig struct {
	Providers map[string]jwtProvider `json:"providers"`
	Rules     []struct {
		Match    xds.RouteMatch  `json:"match"`
		Requires *jwtRequirement `json:"requires"`
		Named    string          `json:"requirement_name"`
	} `json:"rules"`
	Requirements map[string]*jwtRequirement `json:"requirement_map"`
}

// jwtOverride is extensions.filters.http.jwt_authn.v3.PerRouteConfig.
type jwtOverride struct {
	Named string `json:"requirement_name"`
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

// withoutValidToken tells whether a request with a token that is not valid fulfils a requirement.
func (q *jwtRequirement) withoutValidToken() bool {
	switch {
	case q == nil || q.AllowFailed != nil || q.Extract != nil:
		return true
	case q.Any != nil:
		return slices.ContainsFunc(q.Any.Requirements, func(one jwtRequirement) bool { return one.withoutValidToken() })
	}
	return false
}

// withoutToken tells whether a request that has no token fulfils a requirement.
func (q *jwtRequirement) withoutToken() bool {
	switch {
	case q == nil || q.AllowMissing != nil || q.AllowFailed != nil || q.Extract != nil:
		return true
	case q.Any != nil:
		return slices.ContainsFunc(q.Any.Requirements, func(one jwtRequirement) bool { return one.withoutToken() })
	case q.All != nil:
		return !slices.ContainsFunc(q.All.Requirements, func(one jwtRequirement) bool { return !one.withoutToken() })
	}
	return false
}

// requirement finds what is asked of the request: what the route names, else "the first
// matched requirement rule will be applied". asked is false if no rule matches.
func (c *jwtConfig) requirement(r Request, o jwtOverride) (need *jwtRequirement, asked bool) {
	if o.Named != "" {
		return c.Requirements[o.Named], true
	}
	for _, rule := range c.Rules {
		if fit := matchRoute(rule.Match, r); !fit.ok {
			continue
		}
		if rule.Named != "" {
			return c.Requirements[rule.Named], true
		}
		return rule.Requires, true
	}
	return nil, false
}

// jwt asks for a token. Whether it is signed by its issuer cannot be told without asking that.
func (w *walk) jwt(set settings) (stop bool) {
	var c jwtConfig
	if set.own == nil || xds.Decode(set.own, &c) != nil {
		return false
	}
	var o jwtOverride
	if set.override != nil && xds.Decode(set.override, &o) != nil {
		return false
	}
	var issuers []string
	found := token{}
	for _, key := range slices.Sorted(maps.Keys(c.Providers)) {
		p := c.Providers[key]
		issuers = append(issuers, p.Issuer)
		if found.text == "" {
			found = p.find(w.request)
		}
	}
	step := Step{Stage: "filter", Taken: set.name, Why: "looks at the token (JWT) of the request",
		Details: []string{"issuers: " + strings.Join(issuers, ", ")}}
	need, asked := c.requirement(w.request, o)
	refuse := func(why, text, hint string) bool {
		step.Why = why
		w.step(step)
		w.end(Verdict{Outcome: Refused, Status: 401, Text: "filter " + set.name + " " + text, Hint: hint})
		return true
	}
	switch {
	case !asked:
	case found.text != "" && w.request.Claims == nil:
		step.Why = "checks the token in " + found.place
		claims, ok := found.claims()
		if issuer := claims["iss"]; ok && issuer != "" && !slices.Contains(issuers, "") && !slices.Contains(issuers, issuer) && !need.withoutValidToken() {
			return refuse("knows no issuer "+issuer, "knows no issuer "+issuer+", from which the token in "+found.place+" is", "")
		}
		if ok {
			w.request.Claims = claims
		}
		w.depend("the token of the request is valid")
	case found.text != "" || w.request.Claims != nil:
		step.Why = "checks the token of the request"
	case need.withoutToken():
		step.Why = "lets a request without a token pass"
	default:
		return refuse("asks for a token, and the request has none", "wants a token and the request has none",
			"send one with --header 'authorization: Bearer ...'")
	}
	w.step(step)
	return false
}
