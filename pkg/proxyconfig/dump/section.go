// Package dump reads what Envoy says of itself: config dumps of its admin port,
// /clusters, and bootstrap files, each as a stream of which only the wanted
// sections are kept.
//
// Nothing is decoded here. A resource is handed on as the bytes that the proxy
// wrote, so that an extension which this program has never heard of does no harm.
package dump

// Section is a part of a dump. Sections are bits, so that several can be asked for.
type Section uint16

// The sections of a config dump, as in Envoy's admin.v3 config_dump.proto and
// config_dump_shared.proto, and Hosts for what /clusters prints.
const (
	Bootstrap Section = 1 << iota
	Clusters
	Listeners
	Routes
	ScopedRoutes
	Endpoints
	Secrets
	ECDS
	Hosts

	// All is every section.
	All Section = 1<<iota - 1
	// Whole keeps the text as well, see [Dump.Text].
	Whole Section = 1 << 15
)

// Sections lists the single sections in the order in which Envoy prints them.
func Sections() []Section {
	return []Section{Bootstrap, Clusters, Endpoints, Listeners, ScopedRoutes, Routes, Secrets, ECDS, Hosts}
}

// Has tells whether all of other is in s.
func (s Section) Has(other Section) bool { return s&other == other }

// String is the word for one section as a user knows it from `proxy-config`.
func (s Section) String() string {
	switch s {
	case Bootstrap:
		return "bootstrap"
	case Clusters:
		return "cluster"
	case Listeners:
		return "listener"
	case Routes:
		return "route"
	case ScopedRoutes:
		return "scoped-route"
	case Endpoints:
		return "endpoint"
	case Secrets:
		return "secret"
	case ECDS:
		return "ecds"
	case Hosts:
		return "host"
	}
	return "several"
}

// State says how the proxy holds a resource.
type State uint8

// States of a resource. A warming one waits for what it depends on, a draining
// one is being replaced, a failed one was rejected.
const (
	Static State = iota
	Active
	Warming
	Draining
	Failed
)

// String is the word in upper case, as in the tables.
func (s State) String() string {
	return [...]string{"STATIC", "ACTIVE", "WARMING", "DRAINING", "FAILED"}[s]
}
