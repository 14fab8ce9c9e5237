package trace_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/pkg/proxyconfig/trace"
)

// ended says how a trace ended: outcome, status and text.
func ended(tr trace.Trace) string {
	return fmt.Sprintf("%s %d %s", tr.Verdict.Outcome, tr.Verdict.Status, tr.Verdict.Text)
}

// The most specific of route, virtual host and route configuration overrides a filter.
func TestFilterOverrides(t *testing.T) {
	const (
		abort = "envoy.filters.http.fault: {abort: {http_status: %d, percentage: {numerator: 100}}}"
		off   = "envoy.filters.http.fault: {'@type': type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}"
		on    = "envoy.filters.http.fault: {'@type': type.googleapis.com/envoy.config.route.v3.FilterConfig, config: {'@type': x/HTTPFault, abort: {http_status: 418, percentage: {numerator: 100}}}}"
	)
	status := func(n int) string { return fmt.Sprintf(abort, n) }
	for _, c := range []struct{ name, filter, config, host, route, want string }{
		{"none", "", "", "", "", "delivered"},
		{"by the route configuration", "", status(501), "", "", "refused 501"},
		{"by the virtual host", "", status(501), status(502), "", "refused 502"},
		{"by the route", "", status(501), status(502), status(503), "refused 503"},
		{"switched off by the route", "", "", status(502), off, "delivered"},
		{"wrapped", "", "", "", on, "refused 418"},
		{"a filter that is off", "disabled: true, ", "", "", "", "delivered"},
		{"a filter that is off, and on for the route", "disabled: true, ", "", "", on, "refused 418"},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := func(text string) string { return ", typed_per_filter_config: {" + text + "}" }
			routes := "[{name: r, virtual_hosts: [{name: v, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: c}" + set(c.route) + "}]" + set(c.host) + "}]" + set(c.config) + "}]"
			manager := "rds: {route_config_name: r}, http_filters: [{name: envoy.filters.http.fault, " + c.filter + "typed_config: {'@type': x/envoy.extensions.filters.http.fault.v3.HTTPFault}}]"
			tr := trace.Run(proxyOf(t, httpListener(manager), routes, oneCluster, oneEndpoint), request(t, "http://h/"))
			if got := ended(tr); !strings.HasPrefix(got, c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestToken(t *testing.T) {
	// nobody looks at its signature
	signed := func(claims string) string {
		return "eyJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	ann := signed(`{"iss":"https://shop","sub":"ann","groups":["a","b"],"realm":{"roles":["admin"]}}`)
	const (
		rules = "rules: [{match: {prefix: /open}}, {match: {prefix: /maybe}, requires: {requires_any: {requirements: [{provider_name: p}, {allow_missing: {}}]}}}, {match: {prefix: /}, requires: {provider_name: p}}]"
		named = "requirement_map: {strict: {provider_name: p}}"
	)
	for _, c := range []struct{ name, provider, rules, route, url, header, want string }{
		{"a rule without a requirement", "", rules, "", "/open", "", "delivered"},
		{"a token that may be missing", "", rules, "", "/maybe", "", "delivered"},
		{"a token that must not", "", rules, "", "/x", "", "refused 401"},
		{"a token", "", rules, "", "/x", "authorization: Bearer " + ann, "delivered 0 delivered to c; the token of the request is valid"},
		{"a password is no token", "", rules, "", "/x", "authorization: Basic YTpi", "refused 401"},
		{"a token in the query", "", rules, "", "/x?access_token=" + ann, "", "delivered"},
		{"a token of somebody else", "", rules, "", "/x", "authorization: Bearer " + signed(`{"iss":"https://evil"}`), "refused 401 filter envoy.filters.http.jwt_authn knows no issuer https://evil"},
		{"a token of somebody else where none is needed", "", rules, "", "/open", "authorization: Bearer " + signed(`{"iss":"https://evil"}`), "delivered"},
		{"a token in another header", "from_headers: [{name: x-jwt, value_prefix: 'JWT '}]", rules, "", "/x", "x-jwt: JWT " + ann, "delivered"},
		{"a token in the usual header, where it is not looked for", "from_headers: [{name: x-jwt}]", rules, "", "/x", "authorization: Bearer " + ann, "refused 401"},
		{"a token in a cookie", "from_cookies: [session]", rules, "", "/x", "cookie: a=b; session=" + ann, "delivered"},
		{"a requirement that the route names", "", named, "requirement_name: strict", "/x", "", "refused 401"},
		{"a requirement that no route names", "", named, "", "/x", "", "delivered"},
		{"a route for which the filter is off", "", rules, "disabled: true", "/x", "", "delivered"},
	} {
		t.Run(c.name, func(t *testing.T) {
			route := ""
			if c.route != "" {
				route = ", typed_per_filter_config: {envoy.filters.http.jwt_authn: {'@type': x/PerRouteConfig, " + c.route + "}}"
			}
			routes := "[{name: r, virtual_hosts: [{name: v, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: c}" + route + "}]}]}]"
			manager := "rds: {route_config_name: r}, http_filters: [{name: envoy.filters.http.jwt_authn, typed_config: {providers: {p: {" + join("issuer: 'https://shop'", c.provider) + "}}, " + c.rules + "}}]"
			var headers []string
			if c.header != "" {
				headers = append(headers, c.header)
			}
			tr := trace.Run(proxyOf(t, httpListener(manager), routes, oneCluster, oneEndpoint), request(t, "http://h"+c.url, headers...))
			if got := ended(tr) + "; " + strings.Join(tr.Verdict.Depends, "; "); !strings.HasPrefix(got, c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
	// What a token says is what the rules of RBAC are asked about.
	const rbac = `{name: envoy.filters.http.rbac, typed_config: {rules: {action: ALLOW, policies: {p: {permissions: [{any: true}], principals: [{metadata: {filter: envoy.filters.http.jwt_authn, path: [{key: payload}, {key: %s}], value: %s}}]}}}}}`
	for _, c := range []struct{ path, value, want string }{
		{"sub", "{string_match: {exact: ann}}", "delivered"},
		{"sub", "{string_match: {exact: bob}}", "refused 403"},
		{"groups", "{list_match: {one_of: {string_match: {exact: b}}}}", "delivered"},
		{"realm}, {key: roles", "{list_match: {one_of: {string_match: {exact: admin}}}}", "delivered"},
	} {
		manager := "rds: {route_config_name: r}, http_filters: [{name: envoy.filters.http.jwt_authn, typed_config: {providers: {p: {issuer: 'https://shop'}}, " + rules + "}}, " + fmt.Sprintf(rbac, c.path, c.value) + "]"
		routes := "[{name: r, virtual_hosts: [{name: v, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: c}}]}]}]"
		tr := trace.Run(proxyOf(t, httpListener(manager), routes, oneCluster, oneEndpoint), request(t, "http://h/x", "authorization: Bearer "+ann))
		if got := ended(tr); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s %s: %s, want %s", c.path, c.value, got, c.want)
		}
	}
}
