package validation

import (
	"slices"
	"strings"

	security "istio.io/api/security/v1beta1"
)

func (c *checker) authorizationPolicy(at *place, p *security.AuthorizationPolicy) {
	c.attachment(at, attachment{p.Selector, p.TargetRef, p.TargetRefs})
	if p.Action == security.AuthorizationPolicy_CUSTOM {
		c.customAction(at, p)
	} else if p.GetProvider() != nil {
		c.failf(at.Child("provider"), "a provider needs action CUSTOM, not %v", p.Action)
	}
	if p.Action == security.AuthorizationPolicy_DENY && len(p.Rules) == 0 {
		c.failf(at, "a DENY policy without rules denies nothing; write `rules: [{}]` to deny everything")
	}
	for i, rule := range p.Rules {
		c.accessRule(item(at, "rules", i), rule, p.Action)
	}
}

func (c *checker) accessRule(at *place, rule *security.Rule, action security.AuthorizationPolicy_Action) {
	var from, to, fromTCP, toTCP bool
	for i, f := range rule.From {
		at := item(at, "from", i)
		if f.Source == nil {
			c.failf(at, "an entry of from needs a source")
			continue
		}
		from = true
		fromTCP = c.source(at.Child("source"), f.Source) || fromTCP
	}
	for i, t := range rule.To {
		at := item(at, "to", i)
		if t.Operation == nil {
			c.failf(at, "an entry of to needs an operation")
			continue
		}
		to = true
		toTCP = c.operation(at.Child("operation"), t.Operation) || toTCP
	}
	for i, when := range rule.When {
		c.condition(item(at, "when", i), when)
	}
	httpOnly := from && !to && !fromTCP || to && !toTCP
	if httpOnly && action == security.AuthorizationPolicy_DENY {
		c.warnf(at, "on TCP ports this rule denies everything, because all its attributes are of HTTP; name the ports it is for")
	}
}

// customAction checks a policy that asks an external authorizer, which sees
// the request but not who is connected.
func (c *checker) customAction(at *place, p *security.AuthorizationPolicy) {
	switch {
	case len(p.Rules) == 0:
		c.failf(at, "a CUSTOM policy without rules asks for nothing; write `rules: [{}]` to ask for every request")
	case p.GetProvider().GetName() == "":
		c.failf(at, "a CUSTOM policy needs provider.name")
	}
	for i, rule := range p.Rules {
		at := item(at, "rules", i)
		for j, from := range rule.From {
			at := item(at, "from", j).Child("source")
			s := from.GetSource()
			for _, f := range []struct {
				field  string
				values []string
			}{
				{"namespaces", s.GetNamespaces()}, {"notNamespaces", s.GetNotNamespaces()},
				{"serviceAccounts", s.GetServiceAccounts()}, {"notServiceAccounts", s.GetNotServiceAccounts()},
				{"trustDomains", s.GetTrustDomains()}, {"notTrustDomains", s.GetNotTrustDomains()},
				{"principals", s.GetPrincipals()}, {"notPrincipals", s.GetNotPrincipals()},
				{"requestPrincipals", s.GetRequestPrincipals()}, {"notRequestPrincipals", s.GetNotRequestPrincipals()},
			} {
				if len(f.values) > 0 {
					c.failf(at.Child(f.field), "%s is not supported with action CUSTOM", f.field)
				}
			}
		}
		for j, when := range rule.When {
			if identity := []string{attrNamespace, attrServiceAccount, attrTrustDomain, attrPrincipal}; slices.Contains(identity, when.Key) ||
				strings.HasPrefix(when.Key, "request.auth.") {
				c.failf(item(at, "when", j).Child("key"), "%s is not supported with action CUSTOM", when.Key)
			}
		}
	}
}
