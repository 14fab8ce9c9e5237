package trace_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/pkg/proxyconfig/trace"
)

func TestVirtualHost(t *testing.T) {
	for _, c := range []struct{ name, domains, options, host, want string }{
		{"exact", "a.com|*", "", "a.com", "a.com"},
		{"the case of the host does not matter", "a.com|*", "", "A.Com", "a.com"},
		{"the case of the domain does not matter", "A.com|*", "", "a.com", "A.com"},
		{"the star takes the rest", "a.com|*", "", "b.com", "*"},
		{"nothing takes it", "a.com", "", "b.com", ""},
		{"a suffix wildcard", "*.a.com|*", "", "x.a.com", "*.a.com"},
		{"a suffix wildcard takes several labels", "*.a.com|*", "", "x.y.a.com", "*.a.com"},
		{"a suffix wildcard does not match the empty string", "*.a.com|*", "", ".a.com", "*"},
		{"a suffix wildcard does not take the domain itself", "*.a.com|*", "", "a.com", "*"},
		{"a suffix wildcard without a dot", "*-bar.foo.com|*", "", "baz-bar.foo.com", "*-bar.foo.com"},
		{"a suffix wildcard without a dot, and nothing before", "*-bar.foo.com|*", "", "-bar.foo.com", "*"},
		{"a prefix wildcard", "foo.*|*", "", "foo.com", "foo.*"},
		{"a prefix wildcard does not match the empty string", "foo.*|*", "", "foo.", "*"},
		{"a prefix wildcard with a dash", "foo-*|*", "", "foo-64", "foo-*"},
		{"exact wins over a suffix wildcard", "*.a.com|x.a.com", "", "x.a.com", "x.a.com"},
		{"the longest suffix wildcard wins", "*.com|*.a.com", "", "x.a.com", "*.a.com"},
		{"the longest suffix wildcard wins, whatever the order", "*.a.com|*.com", "", "x.a.com", "*.a.com"},
		{"a suffix wildcard wins over a prefix wildcard", "x.*|*.com", "", "x.com", "*.com"},
		{"a short suffix wildcard wins over a long prefix wildcard", "x.a.b.*|*.com", "", "x.a.b.com", "*.com"},
		{"the longest prefix wildcard wins", "x.*|x.a.*", "", "x.a.com", "x.a.*"},
		{"*.a wins over *", "*|*.a", "", "b.a", "*.a"},
		{"a port is part of the host", "a.com|*", "", "a.com:80", "*"},
		{"a domain with a port", "a.com:80|a.com", "", "a.com:80", "a.com:80"},
		{"the port may be ignored", "a.com|*", "ignore_port_in_host_matching: true", "a.com:80", "a.com"},
		{"a port that is ignored does not match a domain with it", "a.com:80|*", "ignore_port_in_host_matching: true", "a.com:80", "*"},
		{"an IPv6 host keeps its brackets", "'[::1]'|*", "ignore_port_in_host_matching: true", "[::1]:80", "[::1]"},
		{"a dot at the end is part of the host", "a.com|*", "", "a.com.", "*"},
		{"another header may take the place of the host", "v1|*", "vhost_header: x-v", "a.com", "v1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var hosts []string
			for domain := range strings.SplitSeq(c.domains, "|") {
				plain := strings.Trim(domain, "'")
				hosts = append(hosts, fmt.Sprintf("{name: '%s', domains: ['%s'], routes: [{match: {prefix: /}, route: {cluster: c}}]}", plain, plain))
			}
			routes := "[{name: r, virtual_hosts: [" + strings.Join(hosts, ",") + "]"
			if c.options != "" {
				routes += ", " + c.options
			}
			p := proxyOf(t, httpListener("rds: {route_config_name: r}"), routes+"}]", oneCluster, oneEndpoint)
			tr := trace.Run(p, request(t, "http://h/", "host: "+c.host, "x-v: v1"))
			got := stage(tr, "virtual-host")
			if c.want == "" {
				if got != "none" || tr.Verdict.Status != 404 {
					t.Errorf("got %q, %+v; want 404", got, tr.Verdict)
				}
			} else if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestHostOptionsOfTheConnectionManager(t *testing.T) {
	for _, c := range []struct{ option, host, want string }{
		{"strip_any_host_port: true", "a.com:99", "a"},
		{"strip_matching_host_port: true", "a.com:80", "a"},
		{"strip_matching_host_port: true", "a.com:99", "rest"},
		{"strip_trailing_host_dot: true", "a.com.", "a"},
	} {
		t.Run(c.option+" "+c.host, func(t *testing.T) {
			routes := "[{name: r, virtual_hosts: [{name: a, domains: [a.com], routes: [{match: {prefix: /}, route: {cluster: c}}]}, {name: rest, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: c}}]}]}]"
			p := proxyOf(t, httpListener("rds: {route_config_name: r}, "+c.option), routes, oneCluster, oneEndpoint)
			if got := stage(trace.Run(p, request(t, "http://h/", "host: "+c.host)), "virtual-host"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestFilterChain(t *testing.T) {
	tls := func(sni string, alpn ...string) func(*trace.Request) {
		return func(r *trace.Request) { r.TLS, r.SNI, r.ALPN = true, sni, alpn }
	}
	for _, c := range []struct {
		name   string
		chains map[string]string // name: match
		change func(*trace.Request)
		want   string
	}{
		{"no condition takes all", map[string]string{"any": ""}, nil, "any"},
		{"the port wins over none", map[string]string{"any": "", "port": "destination_port: 80"}, nil, "port"},
		{"the wrong port", map[string]string{"any": "", "port": "destination_port: 81"}, nil, "any"},
		{"no chain, no connection", map[string]string{"port": "destination_port: 81"}, nil, "none"},
		{"there is no way back from a port", map[string]string{"any": "", "port": "destination_port: 80, transport_protocol: tls"}, nil, "none"},
		{"the exact name", map[string]string{"exact": "server_names: [a.b.com]", "wild": "server_names: ['*.b.com']"}, tls("a.b.com"), "exact"},
		{"the longest wildcard", map[string]string{"long": "server_names: ['*.b.com']", "short": "server_names: ['*.com']"}, tls("a.b.com"), "long"},
		{"the short wildcard", map[string]string{"long": "server_names: ['*.b.com']", "short": "server_names: ['*.com']"}, tls("a.c.com"), "short"},
		{"a wildcard does not take the domain itself", map[string]string{"wild": "server_names: ['*.b.com']", "any": ""}, tls("b.com"), "any"},
		{"a name that nobody has", map[string]string{"exact": "server_names: [a.com]"}, tls("b.com"), "none"},
		{"a name without TLS", map[string]string{"exact": "server_names: [a.com]", "any": ""}, nil, "any"},
		{"a server name has no case", map[string]string{"exact": "server_names: [a.com]"}, tls("A.COM"), "exact"},
		{"TLS", map[string]string{"tls": "transport_protocol: tls", "raw": "transport_protocol: raw_buffer"}, tls(""), "tls"},
		{"no TLS", map[string]string{"tls": "transport_protocol: tls", "raw": "transport_protocol: raw_buffer"}, nil, "raw"},
		{"a name comes before the transport", map[string]string{"name": "server_names: [a.com]", "tls": "transport_protocol: tls"}, tls("a.com"), "name"},
		{"the protocol", map[string]string{"h2": "application_protocols: [h2]", "any": ""}, tls("", "h2", "http/1.1"), "h2"},
		{"the first protocol of the client wins", map[string]string{"h2": "application_protocols: [h2]", "h1": "application_protocols: [http/1.1]"}, tls("", "http/1.1", "h2"), "h1"},
		{"no protocol in common", map[string]string{"h2": "application_protocols: [h2]", "any": ""}, tls("", "istio"), "any"},
		{"HTTP is found without TLS", map[string]string{"http": "application_protocols: [http/1.1, h2c]", "any": ""}, nil, "http"},
		{"the longest prefix of the address", map[string]string{"net": "prefix_ranges: [{address_prefix: 10.0.0.0, prefix_len: 8}]", "host": "prefix_ranges: [{address_prefix: 10.1.2.3, prefix_len: 32}]"},
			func(r *trace.Request) { r.IP = netip.MustParseAddr("10.1.2.3") }, "host"},
		{"the network of the address", map[string]string{"net": "prefix_ranges: [{address_prefix: 10.0.0.0, prefix_len: 8}]", "host": "prefix_ranges: [{address_prefix: 10.1.2.3, prefix_len: 32}]"},
			func(r *trace.Request) { r.IP = netip.MustParseAddr("10.9.9.9") }, "net"},
		{"the network of the client", map[string]string{"net": "source_prefix_ranges: [{address_prefix: 192.168.0.0, prefix_len: 16}]", "any": ""},
			func(r *trace.Request) { r.Source = netip.MustParseAddr("192.168.7.7") }, "net"},
		{"another client", map[string]string{"net": "source_prefix_ranges: [{address_prefix: 192.168.0.0, prefix_len: 16}]", "any": ""},
			func(r *trace.Request) { r.Source = netip.MustParseAddr("10.0.0.1") }, "any"},
		{"a client on this host", map[string]string{"local": "source_type: SAME_IP_OR_LOOPBACK", "any": "source_type: EXTERNAL"},
			func(r *trace.Request) { r.Source = netip.MustParseAddr("127.0.0.1") }, "local"},
		{"the port of the client", map[string]string{"port": "source_ports: [7]", "any": ""}, func(r *trace.Request) { r.SourcePort = 7 }, "port"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var chains []string
			for name, match := range c.chains {
				chains = append(chains, fmt.Sprintf("{name: %s, filter_chain_match: {%s}, filters: [{name: envoy.filters.network.tcp_proxy, typed_config: {cluster: c}}]}", name, match))
			}
			listener := "[{name: l, address: {socket_address: {address: 0.0.0.0, port_value: 80}}, filter_chains: [" + strings.Join(chains, ",") + "]}]"
			r := request(t, "http://h/")
			if c.change != nil {
				c.change(&r)
			}
			tr := trace.Run(proxyOf(t, listener, "[]", oneCluster, oneEndpoint), r)
			if got := stage(tr, "filter-chain"); got != c.want {
				t.Errorf("got %q, want %q: %+v", got, c.want, tr.Steps)
			}
		})
	}
}

func TestRBAC(t *testing.T) {
	const ann = "spiffe://cluster.local/ns/shop/sa/ann"
	for _, c := range []struct {
		name, action, permission, principal string
		change                              func(*trace.Request)
		want                                trace.Outcome
	}{
		{"ALLOW everybody", "ALLOW", "any: true", "any: true", nil, trace.Delivered},
		{"DENY everybody", "DENY", "any: true", "any: true", nil, trace.Refused},
		{"ALLOW another path", "ALLOW", "url_path: {path: {prefix: /b}}", "any: true", nil, trace.Refused},
		{"DENY another path", "DENY", "url_path: {path: {prefix: /b}}", "any: true", nil, trace.Delivered},
		{"ALLOW this path", "ALLOW", "url_path: {path: {exact: /a}}", "any: true", nil, trace.Delivered},
		{"a path is matched without its query", "ALLOW", "url_path: {path: {exact: /a}}", "any: true", func(r *trace.Request) { r.Path = "/a?b" }, trace.Delivered},
		{"the method", "ALLOW", "header: {name: ':method', string_match: {exact: POST}}", "any: true", nil, trace.Refused},
		{"the port", "ALLOW", "destination_port: 80", "any: true", nil, trace.Delivered},
		{"a range of ports has no end", "ALLOW", "destination_port_range: {start: 70, end: 80}", "any: true", nil, trace.Refused},
		{"not", "ALLOW", "not_rule: {destination_port: 80}", "any: true", nil, trace.Refused},
		{"and", "ALLOW", "and_rules: {rules: [{destination_port: 80}, {url_path: {path: {exact: /b}}}]}", "any: true", nil, trace.Refused},
		{"or", "ALLOW", "or_rules: {rules: [{destination_port: 81}, {url_path: {path: {exact: /a}}}]}", "any: true", nil, trace.Delivered},
		{"nobody without a certificate", "ALLOW", "any: true", "authenticated: {principal_name: {exact: '" + ann + "'}}", nil, trace.Refused},
		{"the name in the certificate", "ALLOW", "any: true", "authenticated: {principal_name: {exact: '" + ann + "'}}", func(r *trace.Request) { r.Principal = ann }, trace.Delivered},
		{"anybody with a certificate", "ALLOW", "any: true", "authenticated: {}", func(r *trace.Request) { r.Principal = ann }, trace.Delivered},
		{"a namespace", "ALLOW", "any: true", "authenticated: {principal_name: {safe_regex: {regex: '.*/ns/other/.*'}}}", func(r *trace.Request) { r.Principal = ann }, trace.Refused},
		{"the name in the filter state", "ALLOW", "any: true", "filter_state: {key: io.istio.peer_principal, string_match: {suffix: /sa/ann}}", func(r *trace.Request) { r.Principal = ann }, trace.Delivered},
		{"not this one", "DENY", "any: true", "not_id: {authenticated: {principal_name: {suffix: /sa/ann}}}", func(r *trace.Request) { r.Principal = ann }, trace.Delivered},
		{"an address", "ALLOW", "any: true", "remote_ip: {address_prefix: 10.0.0.0, prefix_len: 8}", func(r *trace.Request) { r.Source = netip.MustParseAddr("11.0.0.1") }, trace.Refused},
		{"an address that is not known decides nothing", "ALLOW", "any: true", "remote_ip: {address_prefix: 10.0.0.0, prefix_len: 8}", nil, trace.Delivered},
		{"a claim", "ALLOW", "any: true", "metadata: {filter: envoy.filters.http.jwt_authn, path: [{key: payload}, {key: iss}], value: {string_match: {exact: me}}}", func(r *trace.Request) { r.Claims = map[string]string{"iss": "me"} }, trace.Delivered},
		{"another claim", "ALLOW", "any: true", "metadata: {filter: envoy.filters.http.jwt_authn, path: [{key: payload}, {key: iss}], value: {string_match: {exact: me}}}", func(r *trace.Request) { r.Claims = map[string]string{"iss": "you"} }, trace.Refused},
		{"no token, no claim", "ALLOW", "any: true", "metadata: {filter: envoy.filters.http.jwt_authn, path: [{key: payload}, {key: iss}], value: {string_match: {exact: me}}}", nil, trace.Refused},
		{"a claim in a list", "ALLOW", "any: true", "metadata: {filter: envoy.filters.http.jwt_authn, path: [{key: payload}, {key: groups}], value: {list_match: {one_of: {string_match: {exact: b}}}}}", func(r *trace.Request) { r.Claims = map[string]string{"groups": "a,b"} }, trace.Delivered},
	} {
		t.Run(c.name, func(t *testing.T) {
			filters := "http_filters: [{name: envoy.filters.http.rbac, typed_config: {'@type': x/envoy.extensions.filters.http.rbac.v3.RBAC, rules: {action: " + c.action +
				", policies: {'ns[shop]-policy[p]-rule[0]': {permissions: [{" + c.permission + "}], principals: [{" + c.principal + "}]}}}}}]"
			routes := "[{name: r, virtual_hosts: [{name: v, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: c}}]}]}]"
			p := proxyOf(t, httpListener("rds: {route_config_name: r}, "+filters), routes, oneCluster, oneEndpoint)
			r := request(t, "http://h/a")
			if c.change != nil {
				c.change(&r)
			}
			tr := trace.Run(p, r)
			if tr.Verdict.Outcome != c.want {
				t.Errorf("got %+v, want %s", tr.Verdict, c.want)
			}
			if c.want == trace.Refused && tr.Verdict.Status != 403 {
				t.Errorf("status %d, want 403", tr.Verdict.Status)
			}
		})
	}
}
