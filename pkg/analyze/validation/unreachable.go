package validation

import (
	"fmt"
	"strconv"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/resource"
)

// rule is what matters of a route for the question whether it can apply.
type rule struct {
	name    string // its own, quoted, or its position
	matches []match
}

type match struct {
	name string
	key  string // equal for matches that match the same
}

// number names what has no name of its own.
func number(i int) string { return "#" + strconv.Itoa(i) }

// unreachable finds rules and matches that can never apply, because one
// before them takes it all. It returns, for each rule, which matches can.
func (c *checker) unreachable(at *place, rules []rule) (live [][]bool) {
	live = make([][]bool, len(rules))
	taken := map[string]string{} // a match's key → name of the first rule that has it
	catchAll := false
	for i, r := range rules {
		at := at.Child(resource.Index(i))
		live[i] = make([]bool, len(r.matches))
		if len(r.matches) == 0 {
			if catchAll {
				c.neverApplies(at, r.name, "only the last rule can be without a match")
			}
			catchAll = true
			continue
		}
		repeated := 0
		for j, m := range r.matches {
			at := item(at, "match", j)
			if catchAll {
				c.neverApplies(at, r.name, "an earlier rule without a match takes everything")
				continue
			}
			if first, known := taken[m.key]; known {
				c.covered(at, r.name, m.name, "rule "+first+" has the same match")
				repeated++
				continue
			}
			taken[m.key] = r.name
			live[i][j] = true
		}
		if repeated == len(r.matches) {
			c.neverApplies(at, r.name, "earlier rules have all of its matches")
		}
	}
	return live
}

func (c *checker) neverApplies(at *place, rule, why string) {
	c.add(Unreachable, at, fmt.Sprintf("rule %s can never apply: %s", rule, why))
}

func (c *checker) covered(at *place, rule, match, why string) {
	c.add(IneffectiveMatch, at, fmt.Sprintf("match %s of rule %s has no effect: %s", match, rule, why))
}

func tcpMatches(routes []*networking.TCPRoute) []rule {
	rules := make([]rule, len(routes))
	for i, r := range routes {
		rules[i] = rule{number(i), unnamedMatches(r.Match)}
	}
	return rules
}

func tlsMatches(routes []*networking.TLSRoute) []rule {
	rules := make([]rule, len(routes))
	for i, r := range routes {
		rules[i] = rule{number(i), unnamedMatches(r.Match)}
	}
	return rules
}

func unnamedMatches[M proto.Message](matches []M) []match {
	all := make([]match, len(matches))
	for i, m := range matches {
		all[i] = match{number(i), keyOf(m)}
	}
	return all
}

// keyOf is equal for equal messages.
func keyOf(m proto.Message) string {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil { // a string that is not UTF-8; such a match is equal to none
		return fmt.Sprintf("%p", m)
	}
	return string(b)
}
