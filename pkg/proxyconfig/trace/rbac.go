package trace

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// rbacConfig is extensions.filters.http.rbac.v3.RBAC, and its twin for connections.
type rbacConfig struct {
	Rules   *rbacRules     `json:"rules"`
	Shadow  *rbacRules     `json:"shadow_rules"`
	Matcher jsontext.Value `json:"matcher"`
	Inner   *rbacConfig    `json:"rbac"` // of RBACPerRoute
}

// rbacRules is config.rbac.v3.RBAC.
type rbacRules struct {
	Action   xds.Text              `json:"action"`
	Policies map[string]rbacPolicy `json:"policies"`
}

// rbacPolicy matches if one of its permissions and one of its principals do.
type rbacPolicy struct {
	Permissions []permission   `json:"permissions"`
	Principals  []principal    `json:"principals"`
	Condition   jsontext.Value `json:"condition"`
	Checked     jsontext.Value `json:"checked_condition"`
}

// rbac evaluates the filter: "ALLOW: Allows the request if and only if there is a policy
// that matches the request. DENY: Allows the request if and only if there are no
// policies that match the request." Shadow rules decide nothing.
func (w *walk) rbac(name string, raw jsontext.Value, connection bool) (stop bool) {
	var c rbacConfig
	if raw == nil {
		return false
	}
	if err := xds.Decode(raw, &c); err != nil {
		w.depend(fmt.Sprintf("filter %s lets the request pass (it cannot be read: %v)", name, err))
		return false
	}
	if c.Inner != nil {
		c = *c.Inner
	}
	step := Step{Stage: "filter", Taken: name}
	if c.Rules == nil {
		if c.Matcher != nil {
			return w.rbacTree(name, c.Matcher, connection)
		} else if c.Shadow != nil {
			step.Why = "has dry-run rules only, which decide nothing"
			w.step(step)
		}
		return false
	}
	deny := c.Rules.Action == "DENY" || c.Rules.Action == "1"
	if c.Rules.Action == "LOG" || c.Rules.Action == "2" {
		return false
	}
	match, policy := w.firstPolicy(c.Rules.Policies, &step)
	step.Object = policyObject(policy)
	action := map[bool]string{true: "DENY", false: "ALLOW"}[deny]
	switch {
	case match == unknown:
		step.Why = fmt.Sprintf("%s policy %s may match: it asks for %s, which the request does not tell", action, policy, strings.Join(w.asked, ", "))
		w.step(step)
		w.depend(fmt.Sprintf("%s policy %s %s", action, policy, map[bool]string{true: "does not match", false: "matches"}[deny]))
		return false
	case deny && match == yes:
		step.Why = "policy " + policy + " denies the request"
	case deny:
		step.Why = "no DENY policy matches"
	case match == yes:
		step.Why = "policy " + policy + " allows the request"
	default:
		step.Why = "no ALLOW policy matches"
	}
	w.step(step)
	if deny != (match == yes) {
		return false
	}
	v := Verdict{Outcome: Refused, Status: 403, Text: "refused by " + name + ": " + step.Why, Hint: rbacHint(deny, step.Object, w.request)}
	if connection {
		v.Status = 0
	}
	w.end(v)
	return true
}

// firstPolicy gives the first policy by name that matches, else one that may; asked is then
// what it hangs on.
func (w *walk) firstPolicy(policies map[string]rbacPolicy, step *Step) (truth, string) {
	best, name := no, ""
	var asked []string
	for _, key := range slices.Sorted(maps.Keys(policies)) {
		w.asked = nil
		match, why := w.policyIs(policies[key])
		switch {
		case match == yes:
			return yes, key
		case match > best:
			best, name, asked = match, key, w.asked
		case match == no:
			step.PassedOver = append(step.PassedOver, Passed{key, why})
		}
	}
	w.asked = asked
	return best, name
}

// policyIs tells whether a policy matches, and why not: "A policy matches if and only if at
// least one of its permissions match the action taking place AND at least one of its principals
// match the downstream AND the condition is true if specified".
func (w *walk) policyIs(p rbacPolicy) (match truth, why string) {
	permits := any1(p.Permissions, w.permits)
	if permits == no {
		return no, "its permissions do not match the request"
	}
	identifies := any1(p.Principals, w.identifies)
	if identifies == no {
		return no, "its principals do not match the client"
	}
	match = min(permits, identifies)
	for _, condition := range []jsontext.Value{p.Condition, p.Checked} {
		if condition == nil {
			continue
		}
		holds, text := w.holds(condition)
		if holds == no {
			return no, "its condition " + text + " does not hold"
		}
		if holds == unknown {
			w.ask("the condition " + text)
		}
		match = min(match, holds)
	}
	return match, ""
}

var policyName = regexp.MustCompile(`^ns\[(.+)\]-policy\[(.+)\]-rule\[\d+\]$`)

// policyObject reads the name that istiod gives to a rule.
func policyObject(name string) string {
	if m := policyName.FindStringSubmatch(name); m != nil {
		return xds.Object{Kind: "AuthorizationPolicy", Namespace: m[1], Name: m[2]}.String()
	}
	return ""
}

func rbacHint(deny bool, object string, r Request) string {
	switch {
	case deny && object != "":
		return "see " + object
	case !deny && r.Principal == "":
		return "the client has no identity here: if it is in the mesh, name it with --principal, or trace from its own dump with --to"
	case !deny:
		return "an AuthorizationPolicy with action ALLOW must name this client, method and path"
	}
	return ""
}
