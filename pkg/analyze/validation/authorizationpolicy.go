package validation

import (
	"strings"

	security "istio.io/api/security/v1beta1"

	"github.com/meshctl/meshctl/internal/resource"
)

// AuthorizationPolicy checks an AuthorizationPolicy.
func AuthorizationPolicy(policy *security.AuthorizationPolicy) []Problem {
	r := &report{}
	r.targets(policy.GetSelector(), policy.GetTargetRef(), policy.GetTargetRefs())
	custom, deny := policy.GetAction() == security.AuthorizationPolicy_CUSTOM, policy.GetAction() == security.AuthorizationPolicy_DENY
	if (custom || deny) && policy.Rules == nil {
		r.errorf(spec(), "action %s without rules never applies: add an empty rule {} to apply it to everything", policy.GetAction())
	}
	if custom && policy.Rules != nil && policy.GetProvider().GetName() == "" {
		r.errorf(spec(), "action CUSTOM needs provider.name")
	}
	if !custom && policy.GetProvider() != nil {
		r.errorf(sub(spec(), "provider"), "a provider is for action CUSTOM, not for %s", policy.GetAction())
	}
	for i, rule := range policy.GetRules() {
		at := sub(spec(), "rules", i)
		if rule == nil {
			r.errorf(at, "rule %d must not be null", i)
			continue
		}
		if custom {
			r.customRule(at, rule)
		}
		r.authorizationRule(at, i, rule, deny)
	}
	return r.problems
}

// customRule checks that a rule uses nothing that is decided after an
// external authorizer is asked.
func (r *report) customRule(at resource.FieldPath, rule *security.Rule) {
	for i, from := range rule.GetFrom() {
		source := from.GetSource()
		for _, f := range []struct {
			name   string
			values []string
		}{
			{"namespaces", source.GetNamespaces()}, {"notNamespaces", source.GetNotNamespaces()},
			{"serviceAccounts", source.GetServiceAccounts()}, {"notServiceAccounts", source.GetNotServiceAccounts()},
			{"trustDomains", source.GetTrustDomains()}, {"notTrustDomains", source.GetNotTrustDomains()},
			{"principals", source.GetPrincipals()}, {"notPrincipals", source.GetNotPrincipals()},
			{"requestPrincipals", source.GetRequestPrincipals()}, {"notRequestPrincipals", source.GetNotRequestPrincipals()},
		} {
			if len(f.values) > 0 {
				r.errorf(sub(at, "from", i, "source", f.name), "%s is not supported with action CUSTOM", f.name)
			}
		}
	}
	for i, when := range rule.GetWhen() {
		at := sub(at, "when", i)
		switch key := when.GetKey(); {
		case when == nil:
			r.errorf(at, "a condition must not be null")
		case key == "source.namespace", key == "source.serviceAccount", key == "source.trustDomain", key == "source.principal",
			strings.HasPrefix(key, "request.auth."):
			r.errorf(sub(at, "key"), "%s is not supported with action CUSTOM", key)
		}
	}
}

func (r *report) authorizationRule(at resource.FieldPath, index int, rule *security.Rule, deny bool) {
	if rule.From != nil && len(rule.From) == 0 {
		r.errorf(sub(at, "from"), "from of rule %d must not be empty", index)
	}
	if rule.To != nil && len(rule.To) == 0 {
		r.errorf(sub(at, "to"), "to of rule %d must not be empty", index)
	}
	hasSource, tcpSource := false, false
	for i, from := range rule.GetFrom() {
		at := sub(at, "from", i)
		switch {
		case from == nil:
			r.errorf(at, "from of rule %d must not be null", index)
		case from.GetSource() == nil:
			r.errorf(at, "from of rule %d needs a source", index)
		default:
			hasSource = true
			tcpSource = r.source(sub(at, "source"), index, from.GetSource()) || tcpSource
		}
	}
	hasOperation, tcpOperation := false, false
	for i, to := range rule.GetTo() {
		at := sub(at, "to", i)
		switch {
		case to == nil:
			r.errorf(at, "to of rule %d must not be null", index)
		case to.GetOperation() == nil:
			r.errorf(at, "to of rule %d needs an operation", index)
		default:
			hasOperation = true
			tcpOperation = r.operation(sub(at, "operation"), index, to.GetOperation()) || tcpOperation
		}
	}
	r.conditions(at, rule.GetWhen())
	if deny && (hasSource && !hasOperation && !tcpSource || hasOperation && !tcpOperation) {
		r.warnf(at, "a DENY rule with HTTP conditions only denies everything on TCP ports: limit it to ports")
	}
}

// source checks who calls. It reports whether that can be decided for TCP.
func (r *report) source(at resource.FieldPath, index int, s *security.Source) (tcp bool) {
	if len(s.GetPrincipals())+len(s.GetNotPrincipals())+len(s.GetNamespaces())+len(s.GetNotNamespaces()) > 0 &&
		len(s.GetServiceAccounts())+len(s.GetNotServiceAccounts()) > 0 {
		r.errorf(sub(at, "serviceAccounts"), "serviceAccounts of rule %d exclude namespaces and principals", index)
	}
	lists := []valueList{
		{"principals", s.GetPrincipals(), checkNotEmpty},
		{"notPrincipals", s.GetNotPrincipals(), checkNotEmpty},
		{"requestPrincipals", s.GetRequestPrincipals(), checkNotEmpty},
		{"notRequestPrincipals", s.GetNotRequestPrincipals(), checkNotEmpty},
		{"namespaces", s.GetNamespaces(), checkNotEmpty},
		{"notNamespaces", s.GetNotNamespaces(), checkNotEmpty},
		{"serviceAccounts", s.GetServiceAccounts(), checkServiceAccounts},
		{"notServiceAccounts", s.GetNotServiceAccounts(), checkServiceAccounts},
		{"trustDomains", s.GetTrustDomains(), checkTrustDomains},
		{"notTrustDomains", s.GetNotTrustDomains(), checkTrustDomains},
		{"ipBlocks", s.GetIpBlocks(), checkNotEmpty},
		{"notIpBlocks", s.GetNotIpBlocks(), checkNotEmpty},
		{"remoteIpBlocks", s.GetRemoteIpBlocks(), checkNotEmpty},
		{"notRemoteIpBlocks", s.GetNotRemoteIpBlocks(), checkNotEmpty},
	}
	if allEmpty(lists) {
		r.errorf(at, "the source of rule %d must not be empty", index)
	}
	for _, list := range lists {
		if strings.HasSuffix(strings.ToLower(list.field), "ipblocks") {
			r.ips(sub(at, list.field), list.values)
		}
		r.check(sub(at, list.field), in(list.field, list.check(list.values)))
	}
	return s.Principals != nil || s.NotPrincipals != nil || s.IpBlocks != nil || s.NotIpBlocks != nil || s.Namespaces != nil ||
		s.NotNamespaces != nil || s.RemoteIpBlocks != nil || s.NotRemoteIpBlocks != nil || s.ServiceAccounts != nil || s.NotServiceAccounts != nil
}

// operation checks what is called. It reports whether that can be decided for TCP.
func (r *report) operation(at resource.FieldPath, index int, op *security.Operation) (tcp bool) {
	lists := []valueList{
		{"ports", op.GetPorts(), checkNotEmpty},
		{"notPorts", op.GetNotPorts(), checkNotEmpty},
		{"methods", op.GetMethods(), checkNotEmpty},
		{"notMethods", op.GetNotMethods(), checkNotEmpty},
		{"paths", op.GetPaths(), checkNotEmpty},
		{"notPaths", op.GetNotPaths(), checkNotEmpty},
		{"hosts", op.GetHosts(), checkNotEmpty},
		{"notHosts", op.GetNotHosts(), checkNotEmpty},
	}
	if allEmpty(lists) {
		r.errorf(at, "the operation of rule %d must not be empty", index)
	}
	r.portTexts(sub(at, "ports"), op.GetPorts())
	r.portTexts(sub(at, "notPorts"), op.GetNotPorts())
	for _, list := range lists {
		r.check(sub(at, list.field), in(list.field, list.check(list.values)))
	}
	r.check(sub(at, "paths"), in("paths", checkPathTemplates(op.GetPaths())))
	r.check(sub(at, "notPaths"), in("notPaths", checkPathTemplates(op.GetNotPaths())))
	return op.Ports != nil || op.NotPorts != nil
}

func (r *report) conditions(at resource.FieldPath, when []*security.Condition) {
	for i, condition := range when {
		at := sub(at, "when", i)
		key := condition.GetKey()
		switch {
		case key == "":
			r.errorf(at, "a condition needs a key")
		case len(condition.GetValues()) == 0 && len(condition.GetNotValues()) == 0:
			r.errorf(at, "condition %s needs values or notValues", key)
		default:
			r.check(sub(at, "values"), in("values of "+key, checkAttribute(key, condition.GetValues())))
			r.check(sub(at, "notValues"), in("notValues of "+key, checkAttribute(key, condition.GetNotValues())))
		}
	}
}
