package validation

import "github.com/meshctl/meshctl/internal/resource"

// The special values of exportTo.
const (
	exportSelf   = "."
	exportAll    = "*"
	exportNobody = "~"
)

// exportTo checks whom an object is shown to. Only a ServiceEntry may be
// shown to nobody.
func (c *checker) exportTo(at *place, scopes []string, nobodyAllowed bool) {
	seen := map[string]bool{}
	for i, scope := range scopes {
		at := at.Child(resource.Index(i))
		key := scope
		if scope == exportSelf {
			key = c.object.Namespace
		}
		switch {
		case seen[key] && key != scope:
			c.failf(at, "%q and the object's own namespace %s are the same", scope, key)
		case seen[key]:
			c.failf(at, "%q is listed twice", scope)
		case scope == exportNobody && !nobodyAllowed:
			c.failf(at, "%q (nobody) is for ServiceEntries only", scope)
		case scope != exportSelf && scope != exportAll && scope != exportNobody && !isDNSLabel(scope):
			c.failf(at, "only a namespace, \".\" and \"*\" are allowed")
		default:
			seen[key] = true
		}
	}
	if len(scopes) > 1 && seen[exportAll] {
		c.failf(at, "\"*\" shows the object to everybody; it cannot be combined with others")
	}
	if len(scopes) > 1 && seen[exportNobody] {
		c.failf(at, "\"~\" shows the object to nobody; it cannot be combined with others")
	}
}

// exportOfSelecting checks exportTo of a DestinationRule that selects
// workloads: such a rule works in its own namespace only.
func (c *checker) exportOfSelecting(at *place, scopes []string) {
	own, others := false, false
	for _, scope := range scopes {
		if scope == exportSelf || scope == c.object.Namespace {
			own = true
		} else if scope == exportAll || isDNSLabel(scope) {
			others = true
		}
	}
	switch {
	case own && others:
		c.failf(at, "a rule with a workload selector cannot be exported to several namespaces")
	case others:
		c.failf(at, "a rule with a workload selector cannot be exported beyond its own namespace")
	}
}
