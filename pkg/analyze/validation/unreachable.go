package validation

import (
	"fmt"
	"maps"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/resource"
)

// unreachable finds routes that are never taken because earlier ones take
// their requests, and matches that decide nothing for the same reason.
func (r *report) unreachable(vs *networking.VirtualService) {
	http := make([]matchedRoute, len(vs.GetHttp()))
	for i, route := range vs.GetHttp() {
		http[i] = matchedRoute{name: routeName(route.GetName(), i), missing: route == nil}
		for j, m := range route.GetMatch() {
			key := m
			if m.GetName() != "" {
				key = proto.CloneOf(m)
				key.Name = ""
			}
			http[i].matches = append(http[i].matches, routeMatch{name: routeName(m.GetName(), j), key: textOf(key)})
		}
	}
	r.duplicateMatches("http", http)
	r.overlappingPrefixes(vs.GetHttp())

	tcp := make([]matchedRoute, len(vs.GetTcp()))
	for i, route := range vs.GetTcp() {
		tcp[i] = matchedRoute{name: routeName("", i), missing: route == nil}
		for j, m := range route.GetMatch() {
			tcp[i].matches = append(tcp[i].matches, routeMatch{name: routeName("", j), key: textOf(m)})
		}
	}
	r.duplicateMatches("tcp", tcp)

	tls := make([]matchedRoute, len(vs.GetTls()))
	for i, route := range vs.GetTls() {
		tls[i] = matchedRoute{name: routeName("", i), missing: route == nil}
		for j, m := range route.GetMatch() {
			tls[i].matches = append(tls[i].matches, routeMatch{name: routeName("", j), key: textOf(m)})
		}
	}
	r.duplicateMatches("tls", tls)
}

// matchedRoute is what http, tcp and tls routes have in common here.
type matchedRoute struct {
	name    string
	missing bool
	matches []routeMatch
}

type routeMatch struct{ name, key string }

func routeName(name string, i int) string {
	if name != "" {
		return fmt.Sprintf("%q", name)
	}
	return fmt.Sprintf("#%d", i)
}

// textOf is the same for equal messages, and only for them.
func textOf(m proto.Message) string {
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (r *report) unreachableRule(at resource.FieldPath, format string, args ...any) {
	r.problems = append(r.problems, Problem{Unreachable, at, fmt.Sprintf(format, args...)})
}

func (r *report) ineffectiveMatch(at resource.FieldPath, format string, args ...any) {
	r.problems = append(r.problems, Problem{Ineffective, at, fmt.Sprintf(format, args...)})
}

func (r *report) duplicateMatches(kind string, routes []matchedRoute) {
	firstWith := map[string]int{} // route by match
	catchAll := -1
	for i, route := range routes {
		at := sub(spec(), kind, i)
		switch {
		case route.missing:
			continue
		case len(route.matches) == 0:
			if catchAll >= 0 {
				r.unreachableRule(at, "%s rule %s is never used: rule %s before it has no match either and takes everything", kind, route.name, routes[catchAll].name)
			}
			catchAll = i
			continue
		case catchAll >= 0:
			r.unreachableRule(at, "%s rule %s is never used: rule %s before it has no match and takes everything", kind, route.name, routes[catchAll].name)
			continue
		}
		duplicates := 0
		for j, match := range route.matches {
			first, seen := firstWith[match.key]
			if !seen {
				firstWith[match.key] = i
				continue
			}
			duplicates++
			r.ineffectiveMatch(sub(at, "match", j), "match %s of %s rule %s decides nothing: rule %s before it has the same match", match.name, kind, route.name, routes[first].name)
		}
		if duplicates == len(route.matches) {
			r.unreachableRule(at, "%s rule %s is never used: rules before it have all its matches", kind, route.name)
		}
	}
}

// prefixMatch is a match by uri prefix in a form that can be compared.
type prefixMatch struct {
	at                        resource.FieldPath
	route, name               string
	prefix, method, authority string
	port                      uint32
	headers, query, without   map[string]string
}

// overlappingPrefixes finds matches by uri prefix that an earlier, shorter
// prefix with the same other conditions covers. Matches are grouped by their
// port, as only those can cover each other.
func (r *report) overlappingPrefixes(routes []*networking.HTTPRoute) {
	var matches []prefixMatch
	seen := map[string]bool{}
	for i, route := range routes {
		if route != nil && len(route.GetMatch()) == 0 {
			break // what follows is reported as unreachable
		}
		for j, m := range route.GetMatch() {
			key := proto.CloneOf(m)
			if key != nil {
				key.Name = ""
			}
			if text := textOf(key); m.GetUri().GetPrefix() == "" || seen[text] {
				continue
			} else {
				seen[text] = true
			}
			matches = append(matches, newPrefixMatch(sub(spec(), "http", i, "match", j), routeName(route.GetName(), i), routeName(m.GetName(), j), m))
		}
	}
	for i, earlier := range matches {
		for _, later := range matches[i+1:] {
			if earlier.prefix != later.prefix && earlier.covers(later) {
				r.ineffectiveMatch(later.at, "match %s (prefix %s) of http rule %s decides nothing: match %s (prefix %s) of rule %s covers it",
					later.name, later.prefix, later.route, earlier.name, earlier.prefix, earlier.route)
			}
		}
	}
}

func newPrefixMatch(at resource.FieldPath, route, name string, m *networking.HTTPMatchRequest) prefixMatch {
	p := prefixMatch{
		at: at, route: route, name: name, prefix: m.GetUri().GetPrefix(), port: m.GetPort(),
		method: exactOrPrefix(m.GetMethod()), authority: exactOrPrefix(m.GetAuthority()),
		headers: conditions(m.GetHeaders()), query: conditions(m.GetQueryParams()), without: conditions(m.GetWithoutHeaders()),
	}
	if p.method == "" {
		p.method = "exact:GET"
	}
	return p
}

func exactOrPrefix(m *networking.StringMatch) string {
	switch {
	case m.GetExact() != "":
		return "exact:" + m.GetExact()
	case m.GetPrefix() != "":
		return "prefix:" + m.GetPrefix()
	}
	return ""
}

func conditions(matches map[string]*networking.StringMatch) map[string]string {
	c := map[string]string{}
	for name, m := range matches {
		c[name] = exactOrPrefix(m)
	}
	return c
}

func (p prefixMatch) covers(later prefixMatch) bool {
	return strings.HasPrefix(later.prefix, p.prefix) && p.port == later.port &&
		strings.HasPrefix(p.method, later.method) && strings.HasPrefix(p.authority, later.authority) &&
		sameConditions(p.headers, later.headers) && sameConditions(p.query, later.query) && sameConditions(p.without, later.without)
}

func sameConditions(earlier, later map[string]string) bool {
	return maps.EqualFunc(earlier, later, func(a, b string) bool { return strings.HasPrefix(a, b) })
}
