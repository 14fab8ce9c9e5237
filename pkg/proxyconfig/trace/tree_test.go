package trace_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/pkg/proxyconfig/trace"
)

// Inputs of matcher trees as they stand in a dump.
const (
	portInput   = "{name: port, typed_config: {'@type': x/envoy.extensions.matching.common_inputs.network.v3.DestinationPortInput}}"
	ipInput     = "{name: ip, typed_config: {'@type': x/envoy.extensions.matching.common_inputs.network.v3.DestinationIPInput}}"
	sniInput    = "{name: sni, typed_config: {'@type': x/envoy.extensions.matching.common_inputs.network.v3.ServerNameInput}}"
	tlsInput    = "{name: tls, typed_config: {'@type': x/envoy.extensions.matching.common_inputs.network.v3.TransportProtocolInput}}"
	alpnInput   = "{name: alpn, typed_config: {'@type': x/envoy.extensions.matching.common_inputs.network.v3.ApplicationProtocolInput}}"
	stateInput  = "{name: state, typed_config: {'@type': x/envoy.extensions.matching.common_inputs.network.v3.FilterStateInput, key: k}}"
	headerInput = "{name: h, typed_config: {'@type': x/envoy.type.matcher.v3.HttpRequestHeaderMatchInput, header_name: x-env}}"
	queryInput  = "{name: q, typed_config: {'@type': x/envoy.type.matcher.v3.HttpRequestQueryParamMatchInput, query_param: env}}"
)

// toChain is the action that leads to a filter chain.
func toChain(name string) string {
	return fmt.Sprintf("{action: {name: %s, typed_config: {'@type': x/google.protobuf.StringValue, value: %s}}}", name, name)
}

func TestFilterChainByMatcherTree(t *testing.T) {
	ip := func(address string) func(*trace.Request) {
		return func(r *trace.Request) { r.IP = netip.MustParseAddr(address) }
	}
	sni := func(name string) func(*trace.Request) {
		return func(r *trace.Request) { r.TLS, r.SNI = true, name }
	}
	ranges := "{matcher_tree: {input: " + ipInput + ", custom_match: {name: ip, typed_config: {'@type': x/xds.type.matcher.v3.IPMatcher, range_matchers: [" +
		"{ranges: [{address_prefix: 10.0.0.0, prefix_len: 8}], on_match: " + toChain("a") + "}, {ranges: [{address_prefix: 10.1.0.0, prefix_len: 16}], on_match: " + toChain("b") + "}]}}}}"
	names := "{matcher_tree: {input: " + sniInput + ", custom_match: {name: sni, typed_config: {'@type': x/xds.type.matcher.v3.ServerNameMatcher, domain_matchers: [" +
		"{domains: ['*.com'], on_match: " + toChain("a") + "}, {domains: ['*.b.com', c.com], on_match: " + toChain("b") + "}]}}}}"
	single := func(input, match string) string {
		return "{single_predicate: {input: " + input + ", value_match: {" + match + "}}}"
	}
	list := func(predicate string) string {
		return "{matcher_list: {matchers: [{predicate: " + predicate + ", on_match: " + toChain("a") + "}]}, on_no_match: " + toChain("b") + "}"
	}
	for _, c := range []struct {
		name, tree string
		change     func(*trace.Request)
		want       string
	}{
		{"the value of a map", "{matcher_tree: {input: " + portInput + ", exact_match_map: {map: {'80': " + toChain("a") + "}}}}", nil, "a"},
		{"no value of a map: the default chain", "{matcher_tree: {input: " + portInput + ", exact_match_map: {map: {'81': " + toChain("a") + "}}}}", nil, "rest"},
		{"no value of a map: on_no_match", "{matcher_tree: {input: " + portInput + ", exact_match_map: {map: {'81': " + toChain("a") + "}}}, on_no_match: " + toChain("b") + "}", nil, "b"},
		{"a tree in a tree", "{matcher_tree: {input: " + portInput + ", exact_match_map: {map: {'80': {matcher: " + ranges + "}}}}}", ip("10.1.2.3"), "b"},
		{"the longest range", ranges, ip("10.1.2.3"), "b"},
		{"the wider range", ranges, ip("10.9.9.9"), "a"},
		{"no range", ranges, ip("192.168.0.1"), "rest"},
		{"the longest name", names, sni("x.b.com"), "b"},
		{"the exact name", names, sni("c.com"), "b"},
		{"the wide name", names, sni("d.com"), "a"},
		{"no name at all", names, nil, "rest"},
		{"the longest prefix", "{matcher_tree: {input: " + sniInput + ", prefix_match_map: {map: {a: " + toChain("a") + ", a.b: " + toChain("b") + "}}}}", sni("a.b.com"), "b"},
		{"a shorter prefix if the longest leads nowhere", "{matcher_tree: {input: " + sniInput + ", prefix_match_map: {map: {a: " + toChain("a") + ", a.b: {matcher: " + ranges + "}}}}}", func(r *trace.Request) {
			r.TLS, r.SNI, r.IP = true, "a.b.com", netip.MustParseAddr("1.2.3.4")
		}, "a"},
		{"a condition", list(single(tlsInput, "exact: raw_buffer")), nil, "a"},
		{"a condition that does not hold", list(single(tlsInput, "exact: tls")), nil, "b"},
		{"protocols stand in quotes", list(single(alpnInput, `exact: "'http/1.1'"`)), nil, "a"},
		{"or", list("{or_matcher: {predicate: [" + single(tlsInput, "exact: tls") + ", " + single(portInput, "exact: '80'") + "]}}"), nil, "a"},
		{"and", list("{and_matcher: {predicate: [" + single(tlsInput, "exact: tls") + ", " + single(portInput, "exact: '80'") + "]}}"), nil, "b"},
		{"not", list("{not_matcher: " + single(tlsInput, "exact: tls") + "}"), nil, "a"},
		{"or does not ask for what is not known if it need not", list("{or_matcher: {predicate: [" + single(stateInput, "exact: x") + ", " + single(portInput, "exact: '80'") + "]}}"), nil, "a"},
		{"the first condition of a list", "{matcher_list: {matchers: [{predicate: " + single(portInput, "exact: '80'") + ", on_match: " + toChain("b") + "}, {predicate: " + single(portInput, "prefix: '8'") + ", on_match: " + toChain("a") + "}]}}", nil, "b"},
		{"a condition whose tree leads nowhere is passed over", "{matcher_list: {matchers: [{predicate: " + single(portInput, "exact: '80'") + ", on_match: {matcher: " + names + "}}, {predicate: " + single(portInput, "prefix: '8'") + ", on_match: " + toChain("a") + "}]}}", nil, "a"},
		{"what is not known", list(single(stateInput, "exact: x")), nil, "unknown"},
		{"an address that is not known", ranges, nil, "unknown"},
		{"a chain that does not exist", "{on_no_match: " + toChain("gone") + "}", nil, "refused"},
		{"a tree that is broken", "{matcher_tree: [1]}", nil, "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			chain := func(name string) string {
				return "{name: " + name + ", filters: [{name: envoy.filters.network.tcp_proxy, typed_config: {cluster: c}}]}"
			}
			listener := "[{name: l, address: {socket_address: {address: 0.0.0.0, port_value: 80}}, filter_chains: [" + chain("a") + "," + chain("b") + "], default_filter_chain: " + chain("rest") + ", filter_chain_matcher: " + c.tree + "}]"
			r := request(t, "http://h/")
			if c.change != nil {
				c.change(&r)
			}
			tr := trace.Run(proxyOf(t, listener, "[]", oneCluster, oneEndpoint), r)
			got := stage(tr, "filter-chain")
			if got == "" {
				got = string(tr.Verdict.Outcome)
			}
			if got != c.want {
				t.Errorf("got %s, want %s: %+v", got, c.want, tr.Verdict)
			}
		})
	}
}

func TestRouteByMatcherTree(t *testing.T) {
	route := func(name, match string) string {
		return "{'@type': x/envoy.config.route.v3.Route, name: " + name + ", match: {" + match + "}, route: {cluster: c}}"
	}
	action := func(typed string) string { return "{action: {name: r, typed_config: " + typed + "}}" }
	tree := "{matcher_tree: {input: " + headerInput + ", exact_match_map: {map: {canary: " + action(route("canary", "prefix: /")) + ", list: " +
		action("{'@type': x/envoy.config.route.v3.RouteList, routes: [{name: one, match: {path: /one}, route: {cluster: c}}, {name: two, match: {prefix: /}, route: {cluster: c}}]}") +
		", odd: " + action("{'@type': x/somebody.Else}") + "}}}, on_no_match: {matcher: {matcher_tree: {input: " + queryInput + ", exact_match_map: {map: {test: " + action(route("test", "prefix: /t")) + "}}}}}}"
	for _, c := range []struct {
		name, url, header, want string
	}{
		{"by a header", "http://h/", "x-env: canary", "canary"},
		{"a list of routes", "http://h/one", "x-env: list", "one"},
		{"the second of a list", "http://h/three", "x-env: list", "two"},
		{"by a query parameter", "http://h/t?env=test", "x-a: b", "test"},
		{"the route's own condition", "http://h/x?env=test", "x-a: b", "none"},
		{"nothing", "http://h/", "x-a: b", "none"},
		{"an action that is not known", "http://h/", "x-env: odd", "unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			routes := "[{name: r, virtual_hosts: [{name: a, domains: ['*'], matcher: " + tree + "}]}]"
			tr := trace.Run(proxyOf(t, httpListener("rds: {route_config_name: r}"), routes, oneCluster, oneEndpoint), request(t, c.url, c.header))
			got := stage(tr, "route")
			if got == "" {
				got = string(tr.Verdict.Outcome)
			}
			if got != c.want || got == "none" && tr.Verdict.Status != 404 {
				t.Errorf("got %s, want %s: %+v", got, c.want, tr.Verdict)
			}
		})
	}
}

func TestScopedRoutes(t *testing.T) {
	byHeader := "name: s, scope_key_builder: {fragments: [{header_value_extractor: {name: x-tenant, element_separator: ';', element: {separator: '=', key: t}}}, {header_value_extractor: {name: x-env, element_separator: ',', index: 1}}]}"
	scopes := "scoped_route_configurations_list: {scoped_route_configurations: [" +
		"{name: one, route_configuration_name: r1, key: {fragments: [{string_key: a}, {string_key: prod}]}}," +
		"{name: two, route_configuration: {name: r2, virtual_hosts: [{name: inline, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: c}}]}]}, key: {fragments: [{string_key: b}, {string_key: prod}]}}," +
		"{name: away, route_configuration_name: gone, key: {fragments: [{string_key: c}, {string_key: prod}]}}]}"
	routes := "[{name: r1, virtual_hosts: [{name: named, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: c}}]}]}]"
	for _, c := range []struct {
		name    string
		headers []string
		scope   string
		host    string
		verdict string
	}{
		{"routes by their name", []string{"x-tenant: x=1;t=a", "x-env: eu,prod"}, "one", "named", "delivered"},
		{"routes that stand in the scope", []string{"x-tenant: t=b", "x-env: eu,prod,z"}, "two", "inline", "delivered"},
		{"the parts of a key are compared in order", []string{"x-tenant: t=prod", "x-env: eu,a"}, "none", "", "fails"},
		{"no header", []string{"x-env: eu,prod"}, "none", "", "fails"},
		{"no element with the key", []string{"x-tenant: u=a", "x-env: eu,prod"}, "none", "", "fails"},
		{"no element at the index", []string{"x-tenant: t=a", "x-env: prod"}, "none", "", "fails"},
		{"routes that are not there", []string{"x-tenant: t=c", "x-env: eu,prod"}, "away", "", "fails"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := proxyOf(t, httpListener("scoped_routes: {"+byHeader+", "+scopes+"}"), routes, oneCluster, oneEndpoint)
			tr := trace.Run(p, request(t, "http://h/", c.headers...))
			if stage(tr, "scope") != c.scope || stage(tr, "virtual-host") != c.host || string(tr.Verdict.Outcome) != c.verdict {
				t.Errorf("scope %q, host %q, %+v", stage(tr, "scope"), stage(tr, "virtual-host"), tr.Verdict)
			}
		})
	}
}

func TestRoutesThatAskForMetadata(t *testing.T) {
	claim := "dynamic_metadata: [{filter: envoy.filters.http.jwt_authn, path: [{key: payload}, {key: group}], value: {string_match: {exact: admin}}}]"
	for _, c := range []struct {
		name, match string
		claims      map[string]string
		token       bool
		want        string
		depends     bool
	}{
		{"the claim", claim, map[string]string{"group": "admin"}, true, "first", false},
		{"another claim", claim, map[string]string{"group": "user"}, true, "rest", false},
		{"no token", claim, nil, false, "rest", false},
		{"a token without its claims", claim, nil, true, "rest", true},
		{"another filter", "dynamic_metadata: [{filter: mine, path: [{key: a}], value: {string_match: {exact: b}}}]", nil, false, "rest", true},
		{"the state of a filter", "filter_state: [{key: a, string_match: {exact: b}}]", nil, false, "rest", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			routes := "[{name: r, virtual_hosts: [{name: a, domains: ['*'], routes: [{name: first, match: {prefix: /, " + c.match + "}, route: {cluster: c}}, {name: rest, match: {prefix: /}, route: {cluster: c}}]}]}]"
			r := request(t, "http://h/")
			r.Claims = c.claims
			if c.token {
				r.Headers["authorization"] = "Bearer x"
			}
			tr := trace.Run(proxyOf(t, httpListener("rds: {route_config_name: r}"), routes, oneCluster, oneEndpoint), r)
			if got := stage(tr, "route"); got != c.want || (len(tr.Verdict.Depends) > 0) != c.depends {
				t.Errorf("got %s, want %s; depends on %q", got, c.want, tr.Verdict.Depends)
			}
		})
	}
}

func TestRBACByMatcherTree(t *testing.T) {
	tree := "{matcher_tree: {input: " + headerInput + ", exact_match_map: {map: {good: {action: {name: a, typed_config: {'@type': x/envoy.config.rbac.v3.Action, name: 'ns[shop]-policy[web]-rule[0]'}}}, " +
		"bad: {action: {name: a, typed_config: {'@type': x/envoy.config.rbac.v3.Action, name: d, action: DENY}}}}}}}"
	for header, want := range map[string]string{"x-env: good": "delivered", "x-env: bad": "refused", "x-env: other": "refused", "x-a: b": "refused"} {
		manager := "rds: {route_config_name: r}, http_filters: [{name: envoy.filters.http.rbac, typed_config: {'@type': x/envoy.extensions.filters.http.rbac.v3.RBAC, matcher: " + tree + "}}]"
		routes := "[{name: r, virtual_hosts: [{name: a, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: c}}]}]}]"
		tr := trace.Run(proxyOf(t, httpListener(manager), routes, oneCluster, oneEndpoint), request(t, "http://h/", header))
		if string(tr.Verdict.Outcome) != want {
			t.Errorf("%s: %+v", header, tr.Verdict)
		}
		if want == "delivered" && !strings.Contains(fmt.Sprint(tr.Steps), "AuthorizationPolicy/shop/web") {
			t.Errorf("the policy is not named: %+v", tr.Steps)
		}
	}
}
