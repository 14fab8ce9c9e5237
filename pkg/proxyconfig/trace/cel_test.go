package trace_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/meshctl/meshctl/pkg/proxyconfig/trace"
)

// parsed is a condition as a dump has it.
func parsed(t *testing.T, condition string) string {
	t.Helper()
	env, err := cel.NewEnv()
	if err != nil {
		t.Fatal(err)
	}
	ast, issues := env.Parse(condition)
	if issues.Err() != nil {
		t.Fatal(issues.Err())
	}
	message, err := cel.AstToParsedExpr(ast)
	if err != nil {
		t.Fatal(err)
	}
	text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return string(text) // {"expr": ...}
}

func TestConditions(t *testing.T) {
	const url = "http://shop:80/items/7?color=red"
	headers := []string{"x-user: ann", "user-agent: curl"}
	for _, c := range []struct{ condition, want string }{
		{`request.path.startsWith("/items")`, "delivered"},
		{`request.url_path == "/items/7" && request.query == "color=red"`, "delivered"},
		{`request.method in ["POST", "PUT"]`, "refused 403"},
		{`request.headers["x-user"] == "ann"`, "delivered"},
		{`request.headers["x-user"].matches("^b")`, "refused 403"},
		{`request.headers["x-group"] == "a"`, "refused 403"}, // no such header: the condition fails
		{`!("x-group" in request.headers)`, "delivered"},
		{`has(request.headers.x_group)`, "refused 403"},
		{`request.host == "shop:80" && request.scheme == "http"`, "delivered"},
		{`request.useragent == "curl" && request.referer == ""`, "delivered"},
		{`connection.mtls && connection.uri_san_peer_certificate == "spiffe://cluster.local/ns/a/sa/b"`, "refused 403"},
		{`destination.port == 80`, "delivered"},
		{`source.address.startsWith("10.") || request.method == "GET"`, "delivered"}, // whatever the address is
		{`source.address.startsWith("10.") && request.method == "PUT"`, "refused 403"},
		{`source.address.startsWith("10.")`, `may match: it asks for the condition source.address.startsWith("10.")`},
		{`request.time < timestamp("2027-01-01T00:00:00Z")`, "it asks for the condition request.time <"},
		{`metadata.filter_metadata["x"]["y"] == "z"`, "it asks for the condition metadata.filter_metadata"},
		{`nosuch.thing == 1`, "refused 403"},
		{`"text"`, "refused 403"},
		{`[1, 2].exists(i, i == 2)`, "delivered"},
	} {
		t.Run(c.condition, func(t *testing.T) {
			condition := parsed(t, c.condition)
			inner := condition[strings.Index(condition, ":")+1:]
			inner = inner[:strings.LastIndexByte(inner, '}')]
			if at := strings.Index(inner, `,"source_info"`); at > 0 {
				inner = inner[:at]
			}
			if at := strings.Index(inner, `, "source_info"`); at > 0 {
				inner = inner[:at]
			}
			rbac := `{name: envoy.filters.http.rbac, typed_config: {rules: {action: ALLOW, policies: {p: {permissions: [{any: true}], principals: [{any: true}], condition: ` + inner + `}}}}}`
			routes := "[{name: r, virtual_hosts: [{name: v, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: c}}]}]}]"
			tr := trace.Run(proxyOf(t, httpListener("rds: {route_config_name: r}, http_filters: ["+rbac+"]"), routes, oneCluster, oneEndpoint), request(t, url, headers...))
			if got := fmt.Sprint(ended(tr), tr.Steps); !strings.Contains(got, c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
			// The same in a matcher tree.
			tree := `{matcher_list: {matchers: [{predicate: {single_predicate: {input: {name: attributes}, custom_match: {name: cel, typed_config: {'@type': type.googleapis.com/xds.type.matcher.v3.CelMatcher, expr_match: {cel_expr_parsed: ` + condition + `}}}}}, ` +
				`on_match: {action: {name: a, typed_config: {'@type': type.googleapis.com/envoy.config.rbac.v3.Action, name: p, action: ALLOW}}}}]}}`
			rbac = `{name: envoy.filters.http.rbac, typed_config: {matcher: ` + tree + `}}`
			tr = trace.Run(proxyOf(t, httpListener("rds: {route_config_name: r}, http_filters: ["+rbac+"]"), routes, oneCluster, oneEndpoint), request(t, url, headers...))
			if got := ended(tr); strings.HasPrefix(c.want, "refused") != strings.HasPrefix(got, "refused") {
				t.Errorf("as a matcher tree: %s, want %s", got, c.want)
			}
		})
	}
}

// What a rule hangs on is told by its name, with the flag that tells it where there is one.
func TestWhatRulesHangOn(t *testing.T) {
	for _, c := range []struct{ permission, principal, want string }{
		{"any: true", "source_ip: {address_prefix: 10.0.0.0, prefix_len: 8}", "the address of the client (--source-ip)"},
		{"any: true", "filter_state: {key: wasm.tenant, string_match: {exact: x}}", "the filter state wasm.tenant"},
		{"any: true", "metadata: {filter: envoy.lua, path: [{key: a}], value: {string_match: {exact: x}}}", "metadata a of envoy.lua"},
		{"any: true", "custom: {name: com.acme.id}", "the extension com.acme.id"},
		{"destination_ip: {address_prefix: 10.0.0.0, prefix_len: 8}", "any: true", "the address that the client connects to (--ip)"},
		{"matcher: {name: com.acme.path}", "any: true", "the extension com.acme.path"},
		{"nosuch: {}", "any: true", "a kind of permission that is not known here"},
	} {
		rbac := `{name: envoy.filters.http.rbac, typed_config: {rules: {action: DENY, policies: {p: {permissions: [{` + c.permission + `}], principals: [{` + c.principal + `}]}}}}}`
		routes := "[{name: r, virtual_hosts: [{name: v, domains: ['*'], routes: [{match: {prefix: /}, route: {cluster: c}}]}]}]"
		tr := trace.Run(proxyOf(t, httpListener("rds: {route_config_name: r}, http_filters: ["+rbac+"]"), routes, oneCluster, oneEndpoint), request(t, "http://h/"))
		if got := fmt.Sprint(tr.Steps); !strings.Contains(got, "it asks for "+c.want+", which") || tr.Verdict.Outcome != trace.Delivered {
			t.Errorf("%s %s: %s, want %s", c.permission, c.principal, got, c.want)
		}
	}
}
