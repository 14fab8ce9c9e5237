package validation

import (
	security "istio.io/api/security/v1beta1"
)

// listCheck checks one list of an access rule.
type listCheck struct {
	field  string
	values []string
	check  func(*checker, *place, []string)
}

// lists runs checks and reports whether any list has values.
func (c *checker) lists(at *place, lists []listCheck) (any bool) {
	for _, l := range lists {
		if len(l.values) > 0 {
			any = true
			l.check(c, at.Child(l.field), l.values)
		}
	}
	return any
}

// source checks where requests come from; tcp says whether some attribute is
// known without HTTP.
func (c *checker) source(at *place, s *security.Source) (tcp bool) {
	if len(s.ServiceAccounts)+len(s.NotServiceAccounts) > 0 &&
		len(s.Principals)+len(s.NotPrincipals)+len(s.Namespaces)+len(s.NotNamespaces) > 0 {
		c.failf(at, "serviceAccounts cannot be combined with principals or namespaces")
	}
	tcp = c.lists(at, []listCheck{
		{"principals", s.Principals, (*checker).notEmpty},
		{"notPrincipals", s.NotPrincipals, (*checker).notEmpty},
		{"namespaces", s.Namespaces, (*checker).notEmpty},
		{"notNamespaces", s.NotNamespaces, (*checker).notEmpty},
		{"serviceAccounts", s.ServiceAccounts, (*checker).serviceAccounts},
		{"notServiceAccounts", s.NotServiceAccounts, (*checker).serviceAccounts},
		{"ipBlocks", s.IpBlocks, (*checker).addresses},
		{"notIpBlocks", s.NotIpBlocks, (*checker).addresses},
		{"remoteIpBlocks", s.RemoteIpBlocks, (*checker).addresses},
		{"notRemoteIpBlocks", s.NotRemoteIpBlocks, (*checker).addresses},
	})
	http := c.lists(at, []listCheck{
		{"requestPrincipals", s.RequestPrincipals, (*checker).notEmpty},
		{"notRequestPrincipals", s.NotRequestPrincipals, (*checker).notEmpty},
		{"trustDomains", s.TrustDomains, (*checker).trustDomains},
		{"notTrustDomains", s.NotTrustDomains, (*checker).trustDomains},
	})
	if !tcp && !http {
		c.failf(at, "the source is empty")
	}
	return tcp
}

// operation checks what requests do; tcp says whether some attribute is known
// without HTTP.
func (c *checker) operation(at *place, o *security.Operation) (tcp bool) {
	tcp = c.lists(at, []listCheck{
		{"ports", o.Ports, (*checker).portTexts},
		{"notPorts", o.NotPorts, (*checker).portTexts},
	})
	http := c.lists(at, []listCheck{
		{"methods", o.Methods, (*checker).notEmpty},
		{"notMethods", o.NotMethods, (*checker).notEmpty},
		{"paths", o.Paths, (*checker).paths},
		{"notPaths", o.NotPaths, (*checker).paths},
		{"hosts", o.Hosts, (*checker).notEmpty},
		{"notHosts", o.NotHosts, (*checker).notEmpty},
	})
	if !tcp && !http {
		c.failf(at, "the operation is empty")
	}
	return tcp
}
