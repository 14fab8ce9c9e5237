package trace_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/trace"
)

// FuzzRun follows any request through whatever can be read as a proxy.
func FuzzRun(f *testing.F) {
	shop, err := os.ReadFile("../../../samples/shop-dumps/frontend.after.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(shop, "http://catalog:8080/items", "x-shop-preview: true")
	for _, manager := range []string{
		"scoped_routes: {name: s, scope_key_builder: {fragments: [{header_value_extractor: {name: a, element_separator: ',', index: 1}}]}, scoped_route_configurations_list: {scoped_route_configurations: [{name: x, route_configuration_name: r, key: {fragments: [{string_key: b}]}}]}}",
		"route_config: {virtual_hosts: [{name: a, domains: ['*'], matcher: {matcher_list: {matchers: [{predicate: {or_matcher: {predicate: [{}]}}, on_match: {action: {typed_config: {'@type': x/envoy.config.route.v3.Route}}}}]}}}]}",
		"route_config: {virtual_hosts: [{domains: ['*.a', 'b*'], routes: [{match: {safe_regex: {regex: '('}}, redirect: {path_redirect: /}}, {match: {path_match_policy: {typed_config: {path_template: '/{a=*}/**'}}}, route: {weighted_clusters: {clusters: [{name: c, weight: 1}]}}}]}]}, http_filters: [{name: envoy.filters.http.rbac, typed_config: {'@type': x/envoy.extensions.filters.http.rbac.v3.RBAC, rules: {policies: {p: {permissions: [{any: true}], principals: [{not_id: {any: true}}]}}}}}]",
		"normalize_path: true, path_with_escaped_slashes_action: UNESCAPE_AND_FORWARD, rds: {route_config_name: r}, http_filters: [{name: envoy.filters.http.jwt_authn, typed_config: {providers: {p: {from_cookies: [a]}}, requirement_map: {a: {requires_any: {requirements: [{}]}}}, rules: [{match: {prefix: /}, requirement_name: a}]}}, " +
			"{name: envoy.filters.http.rbac, typed_config: {rules: {policies: {p: {permissions: [{any: true}], principals: [{any: true}], condition: {call_expr: {function: _==_, args: [{select_expr: {operand: {ident_expr: {name: request}}, field: path}}, {const_expr: {string_value: /}}]}}}}}}}]",
	} {
		f.Add([]byte("configs:\n- dynamic_active_clusters: [{cluster: {name: c, type: EDS}}]\n- dynamic_listeners: [{active_state: {listener: {name: l, address: {socket_address: {address: 0.0.0.0, port_value: 80}}, filter_chains: [{filters: [{name: envoy.filters.network.http_connection_manager, typed_config: {"+manager+"}}]}]}}}]\n"), "http://a/b", "a: a,b")
	}
	f.Fuzz(func(t *testing.T, text []byte, url, header string) {
		d, err := dump.Read(bytes.NewReader(text), trace.Reads)
		if err != nil {
			return
		}
		p, err := trace.NewProxy(d)
		if err != nil {
			return
		}
		for _, direction := range []trace.Direction{trace.Outbound, trace.Inbound, trace.Gateway} {
			r, err := trace.NewRequest("GET", url, direction)
			if err != nil {
				return
			}
			_ = r.AddHeader(header) // a bad one is left out
			if tr := trace.Run(p, r); tr.Verdict.Outcome == "" || tr.Verdict.Text == "" {
				t.Errorf("%s: no verdict: %+v", direction, tr)
			}
			_, _ = trace.RunBoth(p, p, r)
		}
	})
}
