package trace

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// A matcher tree (xds.type.matcher.v3.Matcher) leads by what it reads of a connection or
// request to an action. "Matchers are tried in order until one matches"; a match whose own
// tree does not match counts as none, and the search goes on; if nothing matches,
// on_no_match is done. https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/matching/matching_api

// leaf is where a walk through a tree has ended.
type leaf struct {
	action *xds.Action
	way    []string // the rules that held
	unsure string   // what could not be told; then action means nothing
}

// search walks through a tree. Trees can be nested; one that is nested deeper than any
// real one is given up.
func (w *walk) search(t *xds.Tree, way []string) leaf {
	const deepest = 64
	if len(way) > deepest {
		return leaf{unsure: "it is nested too deeply"}
	}
	found := leaf{}
	switch {
	case t.List != nil:
		found = w.searchList(t, way)
	case t.Map != nil:
		found = w.searchMap(t, way)
	}
	if found.action != nil || found.unsure != "" || t.OnNoMatch == nil {
		return found
	}
	return w.follow(*t.OnNoMatch, append(way, "nothing else matches"))
}

func (w *walk) follow(m xds.OnMatch, way []string) leaf {
	if m.Tree != nil {
		return w.search(m.Tree, slices.Clip(way))
	}
	return leaf{action: m.Action, way: way}
}

func (w *walk) searchList(t *xds.Tree, way []string) leaf {
	for _, m := range t.List.Matchers {
		match, rule := w.predicate(m.Predicate)
		if match == unknown {
			return leaf{unsure: rule}
		}
		if match == no || m.OnMatch.KeepLooking {
			continue
		}
		if found := w.follow(m.OnMatch, append(slices.Clip(way), rule)); found.action != nil || found.unsure != "" {
			return found
		}
	}
	return leaf{}
}

// searchMap looks a value up: the exact one, or the longest prefix of it that leads on.
func (w *walk) searchMap(t *xds.Tree, way []string) leaf {
	value, present, known := w.input(t.Map.Input)
	name := inputName(t.Map.Input)
	switch {
	case !known:
		return leaf{unsure: "what " + name + " is, the dump does not say"}
	case !present:
		return leaf{}
	case t.Map.Exact != nil:
		if m, ok := t.Map.Exact.Map[value]; ok {
			return w.follow(m, append(slices.Clip(way), fmt.Sprintf("%s is %q", name, value)))
		}
	case t.Map.Prefix != nil:
		prefixes := slices.SortedFunc(maps.Keys(t.Map.Prefix.Map), func(a, b string) int { return cmp.Compare(len(b), len(a)) })
		for _, prefix := range prefixes {
			if !strings.HasPrefix(value, prefix) {
				continue
			}
			if found := w.follow(t.Map.Prefix.Map[prefix], append(slices.Clip(way), fmt.Sprintf("%s starts with %q", name, prefix))); found.action != nil || found.unsure != "" {
				return found
			}
		}
	case t.Map.Custom != nil:
		return w.searchCustom(t.Map.Custom.Typed, name, value, way)
	}
	return leaf{}
}

// candidate is what a custom match may lead to: the more specific it is, the earlier it is
// tried.
type candidate struct {
	specific int
	rule     string
	to       xds.OnMatch
}

// searchCustom applies IPMatcher and ServerNameMatcher, which try the most specific match
// first and then the next one.
func (w *walk) searchCustom(c xds.TreeExtension, name, value string, way []string) leaf {
	var candidates []candidate
	switch xds.ShortType(c.Type) {
	case "xds.type.matcher.v3.IPMatcher":
		for _, r := range c.Ranges {
			if best, rule := w.longestRange(r.Ranges, value); best >= 0 {
				candidates = append(candidates, candidate{best, name + " is in " + rule, r.OnMatch})
			}
		}
	case "xds.type.matcher.v3.ServerNameMatcher":
		for _, d := range c.Domains {
			for _, domain := range d.Domains {
				if kind := matchDomain(domain, value); kind == exactDomain || kind == suffixDomain || kind == anyDomain {
					candidates = append(candidates, candidate{int(kind)<<16 + len(domain), fmt.Sprintf("%s fits %q", name, domain), d.OnMatch})
				}
			}
		}
	default:
		return leaf{unsure: "the matcher " + xds.ShortType(c.Type) + " is not known here"}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int { return cmp.Compare(b.specific, a.specific) })
	for _, one := range candidates {
		if found := w.follow(one.to, append(slices.Clip(way), one.rule)); found.action != nil || found.unsure != "" {
			return found
		}
	}
	return leaf{}
}

// predicate applies the conditions of a list.
func (w *walk) predicate(p xds.Predicate) (truth, string) {
	switch {
	case p.Or != nil:
		return w.predicates(p.Or.Predicates, no, " or ")
	case p.And != nil:
		return w.predicates(p.And.Predicates, yes, " and ")
	case p.Not != nil:
		match, rule := w.predicate(*p.Not)
		if match == unknown {
			return match, rule
		}
		return match.not(), "not: " + rule
	case p.Single == nil:
		return unknown, "a condition is empty"
	case p.Single.Custom != nil && xds.ShortType(p.Single.Custom.Typed.Type) == "xds.type.matcher.v3.CelMatcher":
		return w.celMatches(p.Single.Custom.Typed.Raw)
	case p.Single.Value == nil:
		return unknown, "a condition is of a kind that is not known here"
	}
	value, present, known := w.input(p.Single.Input)
	name := inputName(p.Single.Input)
	if !known {
		return unknown, "what " + name + " is, the dump does not say"
	}
	ok, rule := matchString(*p.Single.Value, value)
	return is(ok && present), name + " " + rule
}

// predicates joins conditions: with or the first yes decides, with and the first no.
func (w *walk) predicates(list []xds.Predicate, start truth, word string) (truth, string) {
	out, rules, open := start, []string{}, ""
	for _, p := range list {
		match, rule := w.predicate(p)
		if match == unknown && open == "" {
			open = rule
		}
		if start == no {
			out = max(out, match)
			if match == yes {
				return yes, rule
			}
		} else {
			out = min(out, match)
		}
		rules = append(rules, rule)
	}
	if out == unknown {
		return out, open
	}
	return out, strings.Join(rules, word)
}

// inputName is how an input is called in rules.
func inputName(i xds.Input) string {
	switch {
	case i.Typed.Header != "":
		return "header " + i.Typed.Header
	case i.Typed.Query != "":
		return "query parameter " + i.Typed.Query
	}
	name := xds.ShortType(i.Typed.Type)
	name = strings.TrimSuffix(name[strings.LastIndexByte(name, '.')+1:], "Input")
	return cmp.Or(name, i.Name, "an input")
}

// input reads what a tree looks at, by the inputs of
// extensions.matching.common_inputs.network.v3 and type.matcher.v3. present tells that
// there is a value; known that it can be told from the request.
func (w *walk) input(i xds.Input) (value string, present, known bool) {
	r := w.request
	kind := xds.ShortType(i.Typed.Type)
	switch kind[strings.LastIndexByte(kind, '.')+1:] {
	case "DestinationIPInput":
		return r.IP.String(), r.IP.IsValid(), r.IP.IsValid()
	case "DestinationPortInput":
		return strconv.Itoa(r.Port), true, true
	case "SourceIPInput", "DirectSourceIPInput":
		return r.Source.String(), r.Source.IsValid(), r.Source.IsValid()
	case "SourcePortInput":
		return strconv.Itoa(r.SourcePort), true, r.SourcePort != 0
	case "SourceTypeInput": // "local" for connections from this host, else nothing
		if r.Source.IsValid() && (r.Source.IsLoopback() || r.Source == r.IP) {
			return "local", true, true
		}
		return "", false, true
	case "ServerNameInput":
		return strings.ToLower(r.SNI), r.SNI != "", true
	case "TransportProtocolInput":
		return map[bool]string{true: "tls", false: "raw_buffer"}[r.TLS], true, true
	case "ApplicationProtocolInput": // a list in quotes: 'h2','http/1.1'
		var quoted []string
		for _, p := range r.protocols() {
			quoted = append(quoted, "'"+p+"'")
		}
		return strings.Join(quoted, ","), len(quoted) > 0, true
	case "HttpRequestHeaderMatchInput":
		value, present = r.header(i.Typed.Header)
		return value, present, true
	case "HttpRequestQueryParamMatchInput":
		values, ok := r.query()[i.Typed.Query]
		if !ok {
			return "", false, true
		}
		return values[0], true, true
	}
	return "", false, false
}

// decodeTree reads a tree from where it stands.
func decodeTree(raw jsontext.Value) (*xds.Tree, error) {
	var t xds.Tree
	err := xds.Decode(raw, &t)
	return &t, err
}
