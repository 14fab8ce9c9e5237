package trace_test

import (
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/trace"
)

// proxyOf makes a proxy of the parts of a dump in YAML. Each part is the list of
// resources of one kind.
func proxyOf(t *testing.T, listeners, routes, clusters, endpoints string) *trace.Proxy {
	t.Helper()
	section := func(kind, list, field, resources string) string {
		out := fmt.Sprintf("- '@type': x/envoy.admin.v3.%sConfigDump\n", kind)
		var parsed []any
		if err := yaml.Unmarshal([]byte(resources), &parsed); err != nil {
			t.Fatalf("%v in %s", err, resources)
		}
		var entries []any
		for _, r := range parsed {
			if kind == "Listeners" {
				entries = append(entries, map[string]any{"active_state": map[string]any{"listener": r}})
			} else {
				entries = append(entries, map[string]any{field: r})
			}
		}
		text, err := yaml.Marshal(map[string]any{list: entries})
		if err != nil {
			t.Fatal(err)
		}
		return out + indent(string(text))
	}
	text := "configs:\n" +
		section("Clusters", "dynamic_active_clusters", "cluster", clusters) +
		section("Listeners", "dynamic_listeners", "listener", listeners) +
		section("Routes", "dynamic_route_configs", "route_config", routes) +
		section("Endpoints", "dynamic_endpoint_configs", "endpoint_config", endpoints)
	d, err := dump.Read(strings.NewReader(text), trace.Reads)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	p, err := trace.NewProxy(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}

// httpListener has one connection manager with the given settings.
func httpListener(manager string) string {
	return "[{name: l, address: {socket_address: {address: 0.0.0.0, port_value: 80}}, filter_chains: [{filters: [" +
		"{name: envoy.filters.network.http_connection_manager, typed_config: {" + manager + "}}]}]}]"
}

const (
	oneCluster  = "[{name: c, type: EDS}]"
	oneEndpoint = "[{cluster_name: c, endpoints: [{lb_endpoints: [{health_status: HEALTHY, endpoint: {address: {socket_address: {address: 10.0.0.9, port_value: 8080}}}}]}]}]"
)

// request reads "METHOD URL" and headers.
func request(t *testing.T, url string, headers ...string) trace.Request {
	t.Helper()
	method, rest, found := strings.Cut(url, " ")
	if !found {
		method, rest = "GET", url
	}
	r, err := trace.NewRequest(method, rest, trace.Outbound)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		if err := r.AddHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// stage gives what was taken at a stage, "" if the request did not come so far.
func stage(tr trace.Trace, name string) string {
	for _, s := range tr.Steps {
		if s.Stage == name {
			return s.Taken
		}
	}
	return ""
}

// One route with the condition stands before one for everything else.
func TestRouteMatch(t *testing.T) {
	for _, c := range []struct {
		name, match, url string
		headers          []string
		want             bool
	}{
		// prefix
		{"a prefix takes what starts with it", "prefix: /api", "http://h/api/v1", nil, true},
		{"a prefix takes the path itself", "prefix: /api", "http://h/api", nil, true},
		{"a prefix is no path component: it takes /apiary", "prefix: /api", "http://h/apiary", nil, true},
		{"a prefix with a slash at its end does not take the path without", "prefix: /api/", "http://h/api", nil, false},
		{"a prefix does not take another path", "prefix: /api", "http://h/v1/api", nil, false},
		{"a prefix minds the case", "prefix: /api", "http://h/API", nil, false},
		{"a prefix may be told not to mind the case", "prefix: /api, case_sensitive: false", "http://h/API/x", nil, true},
		{"a prefix in capitals may be told not to mind the case", "prefix: /API, case_sensitive: false", "http://h/api", nil, true},
		{"a prefix does not look at the query", "prefix: '/api?x'", "http://h/api?x=1", nil, false},
		{"the prefix / takes everything", "prefix: /", "http://h", nil, true},
		{"an empty prefix takes everything", "prefix: ''", "http://h/a", nil, true},
		// path
		{"a path is taken as it is", "path: /a", "http://h/a", nil, true},
		{"a path does not take what is below it", "path: /a", "http://h/a/b", nil, false},
		{"a path with a slash at its end is another path", "path: /a", "http://h/a/", nil, false},
		{"a path takes any query", "path: /a", "http://h/a?b=c", nil, true},
		{"a path minds the case", "path: /a", "http://h/A", nil, false},
		{"a path may be told not to mind the case", "path: /a, case_sensitive: false", "http://h/A", nil, true},
		{"a path compares what is escaped as it is sent", "path: /a%20b", "http://h/a%20b", nil, true},
		// path-separated prefix
		{"a separated prefix takes the path itself", "path_separated_prefix: /api", "http://h/api", nil, true},
		{"a separated prefix takes what is below", "path_separated_prefix: /api", "http://h/api/v1", nil, true},
		{"a separated prefix does not take /apiary", "path_separated_prefix: /api", "http://h/apiary", nil, false},
		{"a separated prefix takes the slash at the end", "path_separated_prefix: /api", "http://h/api/", nil, true},
		{"a separated prefix takes any query", "path_separated_prefix: /api", "http://h/api?a=b", nil, true},
		{"a separated prefix minds the case", "path_separated_prefix: /api", "http://h/Api/x", nil, false},
		{"a separated prefix may be told not to mind the case", "path_separated_prefix: /api, case_sensitive: false", "http://h/Api/x", nil, true},
		// regex
		{"a regex must match the whole path", "safe_regex: {regex: /a}", "http://h/ab", nil, false},
		{"a regex matches the whole path", "safe_regex: {regex: '/a.*'}", "http://h/abc/d", nil, true},
		{"a regex does not see the query", "safe_regex: {regex: '/a'}", "http://h/a?x=1", nil, true},
		{"a regex with a choice is still anchored", "safe_regex: {regex: '/a|/b'}", "http://h/ab", nil, false},
		{"a regex minds the case whatever case_sensitive says", "safe_regex: {regex: '/a'}, case_sensitive: false", "http://h/A", nil, false},
		{"a regex that is none matches nothing", "safe_regex: {regex: '('}", "http://h/(", nil, false},
		{"a regex of the v2 API", "regex: '/v[12]'", "http://h/v2", nil, true},
		// template
		{"a star takes one component", "path_match_policy: {name: t, typed_config: {path_template: '/a/*/c'}}", "http://h/a/b/c", nil, true},
		{"a star does not take two components", "path_match_policy: {name: t, typed_config: {path_template: '/a/*/c'}}", "http://h/a/b/b/c", nil, false},
		{"a star does not take nothing", "path_match_policy: {name: t, typed_config: {path_template: '/a/*'}}", "http://h/a/", nil, false},
		{"two stars take the rest", "path_match_policy: {name: t, typed_config: {path_template: '/a/**'}}", "http://h/a/b/c", nil, true},
		{"two stars take nothing, too", "path_match_policy: {name: t, typed_config: {path_template: '/a/**'}}", "http://h/a/", nil, true},
		{"a name takes one component", "path_match_policy: {name: t, typed_config: {path_template: '/u/{id}/x'}}", "http://h/u/7/x", nil, true},
		{"a name with a pattern", "path_match_policy: {name: t, typed_config: {path_template: '/u/{rest=**}'}}", "http://h/u/7/x", nil, true},
		{"dots in a template are dots", "path_match_policy: {name: t, typed_config: {path_template: '/a.b'}}", "http://h/aXb", nil, false},
		// connect
		{"connect takes the method CONNECT", "connect_matcher: {}", "CONNECT http://h/", nil, true},
		{"connect takes no other method", "connect_matcher: {}", "GET http://h/", nil, false},
		// headers
		{"a header is exact", "prefix: /, headers: [{name: u, string_match: {exact: ann}}]", "http://h/", []string{"u: ann"}, true},
		{"a header has another value", "prefix: /, headers: [{name: u, string_match: {exact: ann}}]", "http://h/", []string{"u: Ann"}, false},
		{"a header in any case", "prefix: /, headers: [{name: u, string_match: {exact: ann, ignore_case: true}}]", "http://h/", []string{"u: ANN"}, true},
		{"the name of a header has no case", "prefix: /, headers: [{name: X-User, string_match: {exact: ann}}]", "http://h/", []string{"x-uSER: ann"}, true},
		{"a header is missing", "prefix: /, headers: [{name: u, string_match: {exact: ann}}]", "http://h/", nil, false},
		{"a header starts with", "prefix: /, headers: [{name: u, string_match: {prefix: an}}]", "http://h/", []string{"u: anna"}, true},
		{"a header ends with", "prefix: /, headers: [{name: u, string_match: {suffix: na}}]", "http://h/", []string{"u: anna"}, true},
		{"a header contains", "prefix: /, headers: [{name: u, string_match: {contains: nn}}]", "http://h/", []string{"u: anna"}, true},
		{"a header fits a regex as a whole", "prefix: /, headers: [{name: u, string_match: {safe_regex: {regex: 'an+a'}}}]", "http://h/", []string{"u: annna"}, true},
		{"a header fits a regex in a part only", "prefix: /, headers: [{name: u, string_match: {safe_regex: {regex: 'an'}}}]", "http://h/", []string{"u: anna"}, false},
		{"the old exact match", "prefix: /, headers: [{name: u, exact_match: ann}]", "http://h/", []string{"u: ann"}, true},
		{"the old prefix match", "prefix: /, headers: [{name: u, prefix_match: an}]", "http://h/", []string{"u: bann"}, false},
		{"the old suffix match", "prefix: /, headers: [{name: u, suffix_match: nn}]", "http://h/", []string{"u: bann"}, true},
		{"the old contains match", "prefix: /, headers: [{name: u, contains_match: an}]", "http://h/", []string{"u: bann"}, true},
		{"the old regex match", "prefix: /, headers: [{name: u, safe_regex_match: {regex: 'b.*'}}]", "http://h/", []string{"u: bann"}, true},
		{"an empty exact match is a match", "prefix: /, headers: [{name: u, string_match: {exact: ''}}]", "http://h/", []string{"u:"}, true},
		{"a range has its start", "prefix: /, headers: [{name: num, range_match: {start: '1', end: '10'}}]", "http://h/", []string{"num: 1"}, true},
		{"a range does not have its end", "prefix: /, headers: [{name: num, range_match: {start: '1', end: '10'}}]", "http://h/", []string{"num: 10"}, false},
		{"a range takes negative numbers", "prefix: /, headers: [{name: num, range_match: {start: -10, end: 0}}]", "http://h/", []string{"num: -1"}, true},
		{"a range takes no text", "prefix: /, headers: [{name: num, range_match: {start: 1, end: 10}}]", "http://h/", []string{"num: 5x"}, false},
		{"a header must be there, and is", "prefix: /, headers: [{name: u, present_match: true}]", "http://h/", []string{"u: x"}, true},
		{"a header must be there, and is not", "prefix: /, headers: [{name: u, present_match: true}]", "http://h/", nil, false},
		{"a header must not be there, and is not", "prefix: /, headers: [{name: u, present_match: false}]", "http://h/", nil, true},
		{"a header must not be there, and is", "prefix: /, headers: [{name: u, present_match: false}]", "http://h/", []string{"u: x"}, false},
		{"a name alone asks for presence", "prefix: /, headers: [{name: u}]", "http://h/", []string{"u: x"}, true},
		{"presence inverted means absence", "prefix: /, headers: [{name: u, present_match: true, invert_match: true}]", "http://h/", nil, true},
		{"absence inverted means presence", "prefix: /, headers: [{name: u, present_match: false, invert_match: true}]", "http://h/", []string{"u: x"}, true},
		{"another value fits an inverted match", "prefix: /, headers: [{name: u, string_match: {exact: ann}, invert_match: true}]", "http://h/", []string{"u: bob"}, true},
		{"the value does not fit an inverted match", "prefix: /, headers: [{name: u, string_match: {exact: ann}, invert_match: true}]", "http://h/", []string{"u: ann"}, false},
		{"a missing header does not fit even an inverted match", "prefix: /, headers: [{name: u, string_match: {exact: ann}, invert_match: true}]", "http://h/", nil, false},
		{"a missing header may count as empty, inverted", "prefix: /, headers: [{name: u, string_match: {exact: ann}, invert_match: true, treat_missing_header_as_empty: true}]", "http://h/", nil, true},
		{"a missing header may count as empty", "prefix: /, headers: [{name: u, string_match: {safe_regex: {regex: '^$'}}, treat_missing_header_as_empty: true}]", "http://h/", nil, true},
		{"a missing header counts as nothing", "prefix: /, headers: [{name: u, string_match: {safe_regex: {regex: '^$'}}}]", "http://h/", nil, false},
		{"a missing header as empty is in no range", "prefix: /, headers: [{name: u, range_match: {start: 0, end: 10}, treat_missing_header_as_empty: true}]", "http://h/", nil, false},
		{"several values are joined", "prefix: /, headers: [{name: u, string_match: {exact: 'a,b'}}]", "http://h/", []string{"u: a", "u: b"}, true},
		{"one of several values is not enough", "prefix: /, headers: [{name: u, string_match: {exact: a}}]", "http://h/", []string{"u: a", "u: b"}, false},
		{"all headers must fit", "prefix: /, headers: [{name: a, string_match: {exact: x}}, {name: b, string_match: {exact: z}}]", "http://h/", []string{"a: x"}, false},
		{"all headers fit", "prefix: /, headers: [{name: a, string_match: {exact: x}}, {name: b, string_match: {exact: z}}]", "http://h/", []string{"a: x", "b: z"}, true},
		{"the method is a header", "prefix: /, headers: [{name: ':method', string_match: {exact: POST}}]", "POST http://h/", nil, true},
		{"another method", "prefix: /, headers: [{name: ':method', string_match: {exact: POST}}]", "GET http://h/", nil, false},
		{"the path with the query is a header", "prefix: /, headers: [{name: ':path', string_match: {exact: '/a?b=c'}}]", "http://h/a?b=c", nil, true},
		{"the host is a header", "prefix: /, headers: [{name: ':authority', string_match: {prefix: h}}]", "http://h:80/", nil, true},
		{"the scheme is a header", "prefix: /, headers: [{name: ':scheme', string_match: {exact: http}}]", "http://h/", nil, true},
		// query parameters
		{"a parameter is exact", "prefix: /, query_parameters: [{name: a, string_match: {exact: b}}]", "http://h/?a=b", nil, true},
		{"a parameter is another", "prefix: /, query_parameters: [{name: a, string_match: {exact: b}}]", "http://h/?a=c", nil, false},
		{"a parameter is missing", "prefix: /, query_parameters: [{name: a, string_match: {exact: b}}]", "http://h/", nil, false},
		{"a parameter must be there", "prefix: /, query_parameters: [{name: a, present_match: true}]", "http://h/?a", nil, true},
		{"a parameter must be there, and is not", "prefix: /, query_parameters: [{name: a, present_match: true}]", "http://h/?b", nil, false},
		{"the first of repeated parameters counts", "prefix: /, query_parameters: [{name: a, string_match: {exact: '1'}}]", "http://h/?a=1&a=2", nil, true},
		{"the second of repeated parameters does not count", "prefix: /, query_parameters: [{name: a, string_match: {exact: '2'}}]", "http://h/?a=1&a=2", nil, false},
		{"a parameter minds the case of its name", "prefix: /, query_parameters: [{name: A, present_match: true}]", "http://h/?a=1", nil, false},
		{"a parameter fits a regex as a whole", "prefix: /, query_parameters: [{name: a, string_match: {safe_regex: {regex: '[0-9]+'}}}]", "http://h/?a=12x", nil, false},
		{"all parameters must fit", "prefix: /, query_parameters: [{name: a, present_match: true}, {name: b, present_match: true}]", "http://h/?a=1", nil, false},
		{"an empty value is not the value that is wanted", "prefix: /, query_parameters: [{name: a, string_match: {prefix: x}}]", "http://h/?a=", nil, false},
		// cookies
		{"a cookie fits", "prefix: /, cookies: [{name: s, string_match: {exact: '1'}}]", "http://h/", []string{"cookie: t=2; s=1"}, true},
		{"a cookie has another value", "prefix: /, cookies: [{name: s, string_match: {exact: '1'}}]", "http://h/", []string{"cookie: s=2"}, false},
		{"a cookie is missing", "prefix: /, cookies: [{name: s, string_match: {exact: '1'}}]", "http://h/", nil, false},
		{"a cookie inverted", "prefix: /, cookies: [{name: s, string_match: {exact: '1'}, invert_match: true}]", "http://h/", []string{"cookie: s=2"}, true},
		// gRPC
		{"gRPC is what its content type says", "prefix: /, grpc: {}", "http://h/s/M", []string{"content-type: application/grpc"}, true},
		{"gRPC with an encoding", "prefix: /, grpc: {}", "http://h/s/M", []string{"content-type: application/grpc+proto"}, true},
		{"gRPC-Web is another protocol", "prefix: /, grpc: {}", "http://h/s/M", []string{"content-type: application/grpc-web"}, false},
		{"JSON is no gRPC", "prefix: /, grpc: {}", "http://h/s/M", []string{"content-type: application/json"}, false},
		{"the scheme grpc speaks gRPC", "prefix: /, grpc: {}", "grpc://h/s/M", nil, true},
		// chance
		{"all of them", "prefix: /, runtime_fraction: {default_value: {numerator: 100}}", "http://h/", nil, true},
		{"none of them", "prefix: /, runtime_fraction: {default_value: {numerator: 0}}", "http://h/", nil, false},
		{"all of them in millionths", "prefix: /, runtime_fraction: {default_value: {numerator: 1000000, denominator: MILLION}}", "http://h/", nil, true},
		// what a dump cannot tell
		{"metadata of filters is not in a dump", "prefix: /, dynamic_metadata: [{filter: f}]", "http://h/", nil, false},
		{"no client certificate is shown", "prefix: /, tls_context: {presented: true}", "http://h/", nil, false},
		{"the wish for no client certificate", "prefix: /, tls_context: {presented: false}", "http://h/", nil, true},
		// all together
		{"path, header and parameter", "path: /a, headers: [{name: u, present_match: true}], query_parameters: [{name: q, present_match: true}]", "http://h/a?q=1", []string{"u: x"}, true},
		{"path and header, but no parameter", "path: /a, headers: [{name: u, present_match: true}], query_parameters: [{name: q, present_match: true}]", "http://h/a", []string{"u: x"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			routes := "[{name: r, virtual_hosts: [{name: v, domains: ['*'], routes: [" +
				"{name: wanted, match: {" + c.match + "}, route: {cluster: c}}," +
				"{name: other, match: {safe_regex: {regex: '.*'}}, route: {cluster: c}}, {name: connect, match: {connect_matcher: {}}, route: {cluster: c}}]}]}]"
			p := proxyOf(t, httpListener("rds: {route_config_name: r}"), routes, oneCluster, oneEndpoint)
			tr := trace.Run(p, request(t, c.url, c.headers...))
			if got := stage(tr, "route") == "wanted"; got != c.want {
				t.Errorf("matches: %t, want %t; %+v", got, c.want, tr.Steps)
			}
			if tr.Verdict.Outcome != trace.Delivered {
				t.Errorf("verdict %+v", tr.Verdict)
			}
		})
	}
}
