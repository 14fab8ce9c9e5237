package trace_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/pkg/proxyconfig/trace"
)

// What a route does with the request.
func TestAction(t *testing.T) {
	for _, c := range []struct{ name, route, url, want string }{
		{"redirect to https", "match: {prefix: /}, redirect: {https_redirect: true}", "http://h/a?b=c", "redirected 301 the client is sent to https://h/a?b=c"},
		{"redirect to https drops the old port", "match: {prefix: /}, redirect: {https_redirect: true}", "http://h:80/", "redirected 301 the client is sent to https://h/"},
		{"redirect to another host", "match: {prefix: /}, redirect: {host_redirect: g.com, response_code: FOUND}", "http://h/a", "redirected 302 the client is sent to http://g.com/a"},
		{"redirect to another port", "match: {prefix: /}, redirect: {port_redirect: 8443, response_code: PERMANENT_REDIRECT}", "http://h/a", "redirected 308 the client is sent to http://h:8443/a"},
		{"redirect to another path keeps the query", "match: {prefix: /}, redirect: {path_redirect: /n}", "http://h/a?q=1", "redirected 301 the client is sent to http://h/n?q=1"},
		{"redirect without the query", "match: {prefix: /}, redirect: {path_redirect: /n, strip_query: true}", "http://h/a?q=1", "redirected 301 the client is sent to http://h/n"},
		{"redirect with another prefix", "match: {prefix: /a}, redirect: {prefix_rewrite: /b}", "http://h/a/x", "redirected 301 the client is sent to http://h/b/x"},
		{"redirect with a regex", "match: {prefix: /}, redirect: {regex_rewrite: {pattern: {regex: '/(.*)/x'}, substitution: '/x/\\1'}, response_code: SEE_OTHER}", "http://h/a/x", "redirected 303 the client is sent to http://h/x/a"},
		{"an answer", "match: {prefix: /}, direct_response: {status: 200}", "http://h/", "answered 200"},
		{"an answer that refuses", "match: {prefix: /}, direct_response: {status: 403}", "http://h/", "refused 403"},
		{"another prefix", "match: {prefix: /a}, route: {cluster: c, prefix_rewrite: /b}", "http://h/a/x?q", "delivered path becomes /b/x?q"},
		{"the prefix / takes a slash away", "match: {prefix: /a/}, route: {cluster: c, prefix_rewrite: /}", "http://h/a/x", "delivered path becomes /x"},
		{"another path by regex", "match: {prefix: /}, route: {cluster: c, regex_rewrite: {pattern: {regex: '^/v(\\d)/'}, substitution: '/api\\1/'}}", "http://h/v2/x", "delivered path becomes /api2/x"},
		{"another path by template", "match: {path_match_policy: {name: t, typed_config: {path_template: '/u/{id}/{rest=**}'}}}, route: {cluster: c, path_rewrite_policy: {name: t, typed_config: {path_template_rewrite: '/{rest}/of/{id}'}}}", "http://h/u/7/a/b", "delivered path becomes /a/b/of/7"},
		{"another host", "match: {prefix: /}, route: {cluster: c, host_rewrite_literal: g.com}", "http://h/", "delivered host becomes g.com"},
		{"Envoy's timeout", "match: {prefix: /}, route: {cluster: c}", "http://h/", "delivered timeout 15s, Envoy's default"},
		{"no timeout", "match: {prefix: /}, route: {cluster: c, timeout: 0s}", "http://h/", "delivered no timeout"},
		{"tries", "match: {prefix: /}, route: {cluster: c, retry_policy: {retry_on: 5xx, num_retries: 3, per_try_timeout: 1s}}", "http://h/", "delivered up to 3 more tries on 5xx, each at most 1s"},
		{"a mirror", "match: {prefix: /}, route: {cluster: c, request_mirror_policies: [{cluster: m, runtime_fraction: {default_value: {numerator: 25}}}]}", "http://h/", "delivered mirrored to m (25 %)"},
		{"a cluster by header", "match: {prefix: /}, route: {cluster_header: x-c}", "http://h/", "delivered delivered to c"},
		{"shares", "match: {prefix: /}, route: {weighted_clusters: {clusters: [{name: c, weight: 1}, {name: c2, weight: 3}]}}", "http://h/", "delivered delivered to c (25 %) and c2 (75 %)"},
		{"a share of nothing", "match: {prefix: /}, route: {weighted_clusters: {clusters: [{name: c, weight: 1}, {name: gone, weight: 0}]}}", "http://h/", "delivered delivered to c"},
		{"a share by header", "match: {prefix: /}, route: {weighted_clusters: {clusters: [{cluster_header: x-c, weight: 1}, {name: c2, weight: 1}]}}", "http://h/", "delivered delivered to c (50 %) and c2 (50 %)"},
		{"a missing share", "match: {prefix: /}, route: {weighted_clusters: {clusters: [{name: c, weight: 1}, {name: gone, weight: 1}]}}", "http://h/", "fails 503 a part of the requests fails"},
		{"no such cluster", "match: {prefix: /}, route: {cluster: gone}", "http://h/", "fails 503 no such cluster"},
		{"no such cluster, with another status", "match: {prefix: /}, route: {cluster: gone, cluster_not_found_response_code: NOT_FOUND}", "http://h/", "fails 404 no such cluster"},
		{"no endpoints", "match: {prefix: /}, route: {cluster: empty}", "http://h/", "fails 503 the cluster has no endpoints"},
		{"no healthy endpoint", "match: {prefix: /}, route: {cluster: sick}", "http://h/", "fails 503 no endpoint of the cluster is healthy"},
		{"few healthy endpoints", "match: {prefix: /}, route: {cluster: panic}", "http://h/", "delivered so few endpoints of priority 0 are healthy that all are taken (healthy_panic_threshold 50 %)"},
		{"the reserve", "match: {prefix: /}, route: {cluster: reserve}", "http://h/", "delivered 10.0.0.2:80"},
		{"mutual TLS", "match: {prefix: /}, route: {cluster: mtls}", "http://h/", "delivered mutual TLS, SNI s, expects spiffe://x"},
		{"names by their kind", "match: {prefix: /}, route: {cluster: typed}", "http://h/", "delivered TLS, SNI s, expects a.com or *.b.com or /c.*/"},
		{"nobody's certificate", "match: {prefix: /}, route: {cluster: blind}", "http://h/", "delivered TLS, takes any certificate"},
		{"the black hole", "match: {prefix: /}, route: {cluster: BlackHoleCluster}", "http://h/", "refused 503 ServiceEntry"},
		{"where the client wanted to go", "match: {prefix: /}, route: {cluster: PassthroughCluster}", "http://h/", "delivered the address that the client connects to"},
		{"a service that nobody knows", "match: {prefix: /}, route: {cluster: PassthroughCluster}", "http://h/", "delivered the proxy knows no service of this host"},
		{"a chance of 30 %", "match: {prefix: /, runtime_fraction: {default_value: {numerator: 30}}}, route: {cluster: c}", "http://h/", "fails 404 takes 30 % of such requests"},
		{"an injected abort", "match: {prefix: /}, route: {cluster: c}, typed_per_filter_config: {envoy.filters.http.fault: {abort: {http_status: 418, percentage: {numerator: 100}}}}", "http://h/", "refused 418"},
		{"an injected abort for some", "match: {prefix: /}, route: {cluster: c}, typed_per_filter_config: {envoy.filters.http.fault: {abort: {http_status: 418, percentage: {numerator: 10}}}}", "http://h/", "delivered aborts 10 % of the requests with 418"},
		{"an injected abort for others", "match: {prefix: /}, route: {cluster: c}, typed_per_filter_config: {envoy.filters.http.fault: {headers: [{name: u, string_match: {exact: x}}], abort: {http_status: 418, percentage: {numerator: 100}}}}", "http://h/", "delivered injects no fault"},
		{"an injected delay", "match: {prefix: /}, route: {cluster: c}, typed_per_filter_config: {envoy.filters.http.fault: {delay: {fixed_delay: 7s, percentage: {numerator: 100}}}}", "http://h/", "delivered delays 100 % of the requests by 7s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			routes := "[{name: r, virtual_hosts: [{name: v, domains: ['*'], routes: [{" + c.route + "}]}]}]"
			clusters := `[{name: c, type: EDS}, {name: c2, type: EDS}, {name: empty, type: EDS}, {name: sick, type: EDS, common_lb_config: {healthy_panic_threshold: {}}}, {name: panic, type: EDS}, {name: reserve, type: EDS},
 {name: BlackHoleCluster, type: STATIC}, {name: PassthroughCluster, type: ORIGINAL_DST},
 {name: typed, type: STATIC, load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 10.0.0.1, port_value: 80}}}}]}]}, transport_socket: {name: envoy.transport_sockets.tls, typed_config: {sni: s, common_tls_context: {validation_context: {trusted_ca: {filename: ca}, match_typed_subject_alt_names: [{san_type: DNS, matcher: {exact: a.com}}, {san_type: DNS, matcher: {suffix: .b.com}}, {san_type: URI, matcher: {safe_regex: {regex: 'c.*'}}}]}}}}},
 {name: blind, type: STATIC, load_assignment: {endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: 10.0.0.1, port_value: 80}}}}]}]}, transport_socket: {name: envoy.transport_sockets.tls, typed_config: {common_tls_context: {}}}},
 {name: mtls, type: EDS, transport_socket_matches: [
  {match: {tlsMode: istio}, transport_socket: {name: envoy.transport_sockets.tls, typed_config: {sni: s, common_tls_context: {tls_certificate_sds_secret_configs: [{name: default}], combined_validation_context: {default_validation_context: {match_subject_alt_names: [{exact: 'spiffe://x'}]}}}}}},
  {match: {}, transport_socket: {name: envoy.transport_sockets.raw_buffer}}]}]`
			at := func(ip, rest string) string {
				return "{endpoint: {address: {socket_address: {address: " + ip + ", port_value: 80}}}" + rest + "}"
			}
			endpoints := "[{cluster_name: c, endpoints: [{lb_endpoints: [" + at("10.0.0.1", "") + "]}]}, {cluster_name: c2, endpoints: [{lb_endpoints: [" + at("10.0.0.1", "") + "]}]}," +
				"{cluster_name: empty}, {cluster_name: sick, endpoints: [{lb_endpoints: [" + at("10.0.0.1", ", health_status: UNHEALTHY") + "]}]}," +
				"{cluster_name: panic, endpoints: [{lb_endpoints: [" + at("10.0.0.1", ", health_status: UNHEALTHY") + "," + at("10.0.0.2", "") + "," + at("10.0.0.3", ", health_status: TIMEOUT") + "]}]}," +
				"{cluster_name: reserve, endpoints: [{lb_endpoints: [" + at("10.0.0.1", ", health_status: DRAINING") + "]}, {priority: 1, lb_endpoints: [" + at("10.0.0.2", "") + "]}]}," +
				"{cluster_name: mtls, endpoints: [{lb_endpoints: [" + at("10.0.0.1", ", metadata: {filter_metadata: {envoy.transport_socket_match: {tlsMode: istio}}}") + "]}]}]"
			manager := "rds: {route_config_name: r}, http_filters: [{name: envoy.filters.http.fault, typed_config: {'@type': x/envoy.extensions.filters.http.fault.v3.HTTPFault}}]"
			tr := trace.Run(proxyOf(t, httpListener(manager), routes, clusters, endpoints), request(t, c.url, "x-c: c"))
			// Outcome, status if there is one, and what must be told.
			outcome, text, _ := strings.Cut(c.want, " ")
			if status, rest, _ := strings.Cut(text, " "); len(status) == 3 {
				if number, err := strconv.Atoi(status); err == nil {
					text = rest
					if tr.Verdict.Status != number {
						t.Errorf("status %d, want %d", tr.Verdict.Status, number)
					}
				}
			}
			if string(tr.Verdict.Outcome) != outcome {
				t.Fatalf("got %+v, want %s", tr.Verdict, c.want)
			}
			if told := tell(tr); !strings.Contains(told, text) {
				t.Errorf("%q is not in:\n%s", text, told)
			}
		})
	}
}

// tell writes verdict and steps as one text.
func tell(tr trace.Trace) string {
	out := append([]string{tr.Verdict.Text, tr.Verdict.Hint}, tr.Verdict.Depends...)
	for _, s := range tr.Steps {
		out = append(out, s.Taken, s.Why)
		out = append(out, s.Details...)
	}
	return strings.Join(out, "\n")
}
