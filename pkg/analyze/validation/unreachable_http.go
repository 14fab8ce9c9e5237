package validation

import (
	"maps"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/resource"
)

// unreachableHTTP adds to the general check that an earlier prefix covers the
// later ones which it starts.
func (c *checker) unreachableHTTP(at *place, routes []*networking.HTTPRoute) {
	if len(routes) == 1 && len(routes[0].Match) < 2 {
		return // nothing comes before; nearly all VirtualServices are like that
	}
	rules := make([]rule, len(routes))
	for i, r := range routes {
		rules[i] = rule{name: nameOr(r.Name, i), matches: make([]match, len(r.Match))}
		for j, m := range r.Match {
			key := m
			if m.Name != "" {
				key = proto.CloneOf(m)
				key.Name = ""
			}
			rules[i].matches[j] = match{nameOr(m.Name, j), keyOf(key)}
		}
	}
	live := c.unreachable(at, rules)
	earlier := map[string][]prefixMatch{} // by prefix
	for i, r := range routes {
		for j, m := range r.Match {
			prefix := m.GetUri().GetPrefix()
			if !live[i][j] || prefix == "" {
				continue
			}
			p := newPrefixMatch(m, rules[i].name, rules[i].matches[j].name)
			for n := 1; n < len(prefix); n++ {
				for _, e := range earlier[prefix[:n]] {
					if e.covers(p) {
						c.covered(at.Child(resource.Index(i)).Child("match").Child(resource.Index(j)), p.rule, p.match+" of prefix "+prefix,
							"match "+e.match+" of prefix "+prefix[:n]+" on rule "+e.rule+" takes it")
					}
				}
			}
			earlier[prefix] = append(earlier[prefix], p)
		}
	}
}

func nameOr(name string, i int) string {
	if name == "" {
		return number(i)
	}
	return strconv.Quote(name)
}

// prefixMatch is a match by the path's prefix, with the other conditions as text.
type prefixMatch struct {
	rule, match       string
	port              uint32
	method, authority string
	headers           map[string]string
	query             map[string]string
	withoutHeaders    map[string]string
}

func newPrefixMatch(m *networking.HTTPMatchRequest, rule, match string) prefixMatch {
	p := prefixMatch{
		rule: rule, match: match, port: m.Port,
		method: condition(m.Method), authority: condition(m.Authority),
		headers: conditions(m.Headers), query: conditions(m.QueryParams), withoutHeaders: conditions(m.WithoutHeaders),
	}
	if p.method == "" {
		p.method = "exact:GET"
	}
	return p
}

// condition is a match as text, empty for none and for expressions, which
// cannot be compared.
func condition(m *networking.StringMatch) string {
	if exact := m.GetExact(); exact != "" {
		return "exact:" + exact
	}
	if prefix := m.GetPrefix(); prefix != "" {
		return "prefix:" + prefix
	}
	return ""
}

func conditions(matches map[string]*networking.StringMatch) map[string]string {
	if len(matches) == 0 {
		return nil
	}
	all := make(map[string]string, len(matches))
	for name, m := range matches {
		all[name] = condition(m)
	}
	return all
}

// covers reports whether the control plane takes later for covered: its
// prefix starts with this one (which the caller knows) and each other
// condition starts this match's. A later match without a condition counts as
// covered by one that has it.
func (p prefixMatch) covers(later prefixMatch) bool {
	return p.port == later.port &&
		strings.HasPrefix(p.method, later.method) &&
		strings.HasPrefix(p.authority, later.authority) &&
		startedBy(p.headers, later.headers) &&
		startedBy(p.query, later.query) &&
		startedBy(p.withoutHeaders, later.withoutHeaders)
}

func startedBy(conditions, later map[string]string) bool {
	return maps.EqualFunc(conditions, later, strings.HasPrefix)
}
