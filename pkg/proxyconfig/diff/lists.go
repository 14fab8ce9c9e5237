package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// isSet tells whether the order in a list of Envoy's API means nothing. A list that
// is not named here is ordered, which is the safe side: routes, filters, transport
// socket matches, JWT rules, ALPN protocols and the like are tried one after another.
func isSet(field string) bool {
	return slices.Contains([]string{
		"virtual_hosts", "domains", // the most specific domain wins, wherever it stands
		"filter_chains", "server_names", "application_protocols", "prefix_ranges", // the most specific match wins
		"source_prefix_ranges", "direct_source_prefix_ranges", "source_ports",
		"endpoints", "lb_endpoints", "clusters", "thresholds", "outlier_detection", "hosts",
		"headers", "query_parameters", // all must match
		"match_subject_alt_names", "match_typed_subject_alt_names", "allow_origin_string_match", // one must match
		"permissions", "principals", "rules", "ids", "audiences",
		"request_headers_to_remove", "response_headers_to_remove",
		"retriable_status_codes", "upgrade_configs", "stats_tags", "stats_sinks",
		"access_log", "request_mirror_policies", "tls_certificates", "additional_addresses",
	}, field)
}

// identities gives each element of a list what it is known by, so that the two
// versions of one element find each other. A second element with the same identity
// gets #2. solid is false where an element is known by all of its content only.
func identities(field string, a, b []*node) (idsA, idsB []string, solid bool) {
	for _, key := range keysOf(field) {
		idsA, okA := keyed(a, key)
		idsB, okB := keyed(b, key)
		if okA && okB {
			return number(idsA), number(idsB), true
		}
	}
	scalars := true
	content := func(nodes []*node) []string {
		out := make([]string, len(nodes))
		for i, n := range nodes {
			out[i] = n.canonical(field)
			scalars = scalars && n.kind != '{' && n.kind != '['
		}
		return out
	}
	idsA, idsB = content(a), content(b)
	return number(idsA), number(idsB), scalars
}

// key finds the identity of an element; unique ones serve only if no two elements
// of a list share it.
type key struct {
	of     func(*node) string
	unique bool
}

// keysOf lists the keys of a list, the best first.
func keysOf(field string) []key {
	path := func(path ...string) func(*node) string {
		return func(n *node) string { return n.at(path...).text() }
	}
	content := func(name string) func(*node) string {
		return func(n *node) string {
			if m := n.get(name); m != nil {
				return m.canonical(name)
			}
			return ""
		}
	}
	name := key{path("name"), true}
	switch field {
	case "virtual_hosts":
		return []key{name, {content("domains"), false}}
	case "routes":
		return []key{name, {routeKey, false}}
	case "filter_chains":
		return []key{{chainKey, true}, name, {chainKey, false}}
	case "lb_endpoints":
		return []key{{endpointKey, false}}
	case "endpoints":
		return []key{{localityKey, false}}
	case "request_headers_to_add", "response_headers_to_add":
		return []key{{path("header", "key"), false}}
	case "request_mirror_policies":
		return []key{{path("cluster"), false}}
	case "thresholds":
		return []key{{func(n *node) string { return "priority " + n.get("priority").text() }, false}}
	case "upgrade_configs":
		return []key{{path("upgrade_type"), false}}
	case "permissions", "principals", "rules", "ids":
		return nil // no names in them; two with one name would be a coincidence
	}
	return []key{name, {path("name"), false}}
}

// routeKey is the condition of a route.
func routeKey(n *node) string { return condition(n.get("match"), "no match") }

// chainKey is the condition of a filter chain.
func chainKey(n *node) string { return condition(n.get("filter_chain_match"), "any") }

// condition writes a match in words: what must hold, one after the other.
func condition(match *node, empty string) string {
	if match == nil {
		return empty
	}
	var parts []string
	for _, m := range match.members {
		switch {
		case m.name == "case_sensitive" && m.value.text() == "true": // the default
		case m.value.kind == '{' || m.value.kind == '[':
			text := m.value.canonical(m.name)
			parts = append(parts, m.name+" "+strings.NewReplacer(`"`, "", ",}", "}").Replace(text))
		default:
			parts = append(parts, m.name+" "+m.value.text())
		}
	}
	return cmp.Or(strings.Join(parts, " "), empty)
}

func endpointKey(n *node) string {
	address := n.at("endpoint", "address")
	if socket := address.get("socket_address"); socket != nil {
		return socket.get("address").text() + ":" + socket.get("port_value").text()
	}
	if address != nil {
		return address.canonical("address")
	}
	return n.get("endpoint_name").text()
}

func localityKey(n *node) string {
	l := n.get("locality")
	return fmt.Sprintf("locality %s/%s/%s priority %s",
		l.get("region").text(), l.get("zone").text(), l.get("sub_zone").text(), n.get("priority").text())
}

// keyed gives the identities by one key; ok is false if an element has none.
func keyed(nodes []*node, k key) (ids []string, ok bool) {
	seen := map[string]bool{}
	for _, n := range nodes {
		id := k.of(n)
		if id == "" || k.unique && seen[id] {
			return nil, false
		}
		seen[id] = true
		ids = append(ids, id)
	}
	return ids, true
}

// number makes identities unique: the second of two equal ones ends in #2.
func number(ids []string) []string {
	count := map[string]int{}
	for i, id := range ids {
		if count[id]++; count[id] > 1 {
			ids[i] = id + "#" + strconv.Itoa(count[id])
		}
	}
	return ids
}
