package validation

import (
	"github.com/meshctl/meshctl/internal/resource"
)

// exportTo checks a list of namespaces: "." is the own one, "*" all, and "~"
// nobody, which makes sense for ServiceEntries only. It returns the set of
// namespaces with "." replaced.
func (r *report) exportTo(list []string, namespace string, serviceEntry bool) map[string]bool {
	at := sub(spec(), "exportTo")
	set := map[string]bool{}
	for i, entry := range list {
		name := entry
		if entry == "." {
			name = namespace
		}
		switch {
		case set[name]:
			r.errorf(sub(at, i), "namespace %q is listed twice", name)
		case serviceEntry && entry == "~", name == "*", entry == ".", isLabel(name):
			set[name] = true
		default:
			r.errorf(sub(at, i), "an entry must be a namespace, \".\" or \"*\"")
		}
	}
	if set["*"] && len(list) > 1 {
		r.errorf(at, "\"*\" must be the only entry")
	}
	if set["~"] && len(list) > 1 {
		r.errorf(at, "\"~\" (nobody) must be the only entry")
	}
	return set
}

// exportToWithSelector checks the rule that a DestinationRule for some
// workloads only is for its own namespace only.
func (r *report) exportToWithSelector(set map[string]bool, namespace string) {
	at := resource.FieldPath{"spec", "exportTo"}
	switch {
	case len(set) == 0:
	case !set[namespace]:
		r.errorf(at, "a DestinationRule with a workloadSelector can be exported to its own namespace only")
	case len(set) > 1:
		r.errorf(at, "a DestinationRule with a workloadSelector can have one entry only")
	}
}
