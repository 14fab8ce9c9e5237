package diff

import (
	"github.com/go-json-experiment/json/jsontext"
)

// Op is what happened to a resource or to a value in it.
type Op string

// The operations. Moved is a change of the place in a list whose order counts.
const (
	Added   Op = "added"
	Removed Op = "removed"
	Changed Op = "changed"
	Moved   Op = "moved"
)

// mirror is the operation that takes back another.
func (o Op) mirror() Op {
	switch o {
	case Added:
		return Removed
	case Removed:
		return Added
	}
	return o
}

// Change is one difference within a resource.
type Change struct {
	Op Op `json:"op"`
	// Path leads to the value: fields joined by dots, elements of lists by what
	// they are known by, as in virtual_hosts[reviews:9080].routes[prefix /].route.
	Path   string         `json:"path"`
	Before jsontext.Value `json:"before,omitzero"`
	After  jsontext.Value `json:"after,omitzero"`
	// From and To are places in a list, from 0, of what was moved.
	From *int `json:"from,omitzero"`
	To   *int `json:"to,omitzero"`
	// Object is the Istio object that the value came from, or came with.
	Object string `json:"object,omitzero"`
}

// Resource is a resource that differs.
type Resource struct {
	Op Op `json:"op"`
	// Kind is cluster, endpoint, listener, route, secret, ecds, bootstrap or scoped-route.
	Kind string `json:"kind"`
	Name string `json:"name"`
	// State is static for what came with the bootstrap or stands in a listener,
	// warming for what the proxy does not use yet.
	State string `json:"state,omitzero"`
	// Objects are the Istio objects that caused it, as Kind/namespace/name.
	Objects []string `json:"objects"`
	Changes []Change `json:"changes"`
}

// Result is all that differs between two dumps.
type Result struct {
	Resources []Resource `json:"resources"`
	// Notes are no differences but worth knowing, such as a rejected update.
	Notes []string `json:"notes"`
}

// Equal tells whether nothing differs.
func (r Result) Equal() bool { return len(r.Resources) == 0 }
