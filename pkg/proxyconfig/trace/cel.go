package trace

import (
	"net/netip"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	expr "google.golang.org/genproto/googleapis/api/expr/v1alpha1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// Conditions of RBAC policies and of matcher trees may be written in CEL, over the attributes of
// https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes. A dump
// has them parsed (google.api.expr.v1alpha1.Expr).

// holds evaluates a condition, and gives it as text. One that fails, such as by asking for a
// header that is not there, does not hold (Envoy's Expr::matches in
// source/extensions/filters/common/expr/evaluator.cc).
func (w *walk) holds(raw jsontext.Value) (truth, string) {
	parsed, text, err := readExpr(raw)
	if err != nil {
		return unknown, "a condition that cannot be read: " + err.Error()
	}
	env, err := celEnv()
	if err != nil {
		return unknown, err.Error()
	}
	program, err := env.Program(parsed, cel.EvalOptions(cel.OptPartialEval), cel.CostLimit(1_000_000))
	if err != nil {
		return unknown, text + " (" + err.Error() + ")"
	}
	known, open := w.request.attributes()
	vars, err := cel.PartialVars(known, open...)
	if err != nil {
		return unknown, text
	}
	result, _, err := program.Eval(vars)
	switch {
	case types.IsUnknown(result):
		return unknown, text
	case err != nil || result != types.True:
		return no, text
	}
	return yes, text
}

var celEnv = sync.OnceValues(func() (*cel.Env, error) { return cel.NewEnv() })

// celMatches applies xds.type.matcher.v3.CelMatcher.
func (w *walk) celMatches(raw jsontext.Value) (truth, string) {
	var m struct {
		Match struct {
			Parsed    jsontext.Value `json:"cel_expr_parsed"`
			Checked   jsontext.Value `json:"cel_expr_checked"`
			OldParsed jsontext.Value `json:"parsed_expr"`
			OldCheck  jsontext.Value `json:"checked_expr"`
		} `json:"expr_match"`
	}
	if err := xds.Decode(raw, &m); err != nil {
		return unknown, "a condition that cannot be read: " + err.Error()
	}
	for _, e := range []jsontext.Value{m.Match.Parsed, m.Match.Checked, m.Match.OldParsed, m.Match.OldCheck} {
		if e != nil {
			return w.holds(e)
		}
	}
	return unknown, "a condition in CEL that is empty"
}

// readExpr reads an expression, by itself or within one of the messages that hold one.
func readExpr(raw jsontext.Value) (*cel.Ast, string, error) {
	var holder struct {
		Inner jsontext.Value `json:"expr"`
	}
	if xds.Decode(raw, &holder) == nil && holder.Inner != nil {
		raw = holder.Inner
	}
	var message expr.Expr
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, &message); err != nil {
		return nil, "", err
	}
	if _, err := ast.ProtoToExpr(&message); err != nil {
		return nil, "", err
	}
	parsed := cel.ParsedExprToAst(&expr.ParsedExpr{Expr: &message})
	text, err := cel.AstToString(parsed)
	return parsed, text, err
}

// attributes are what expressions can ask for: what is known of the request, and what is not.
func (r Request) attributes() (known map[string]any, open []*cel.AttributePatternType) {
	ask := func(variable string, fields ...string) {
		pattern := cel.AttributePattern(variable)
		for _, field := range fields {
			pattern = pattern.QualString(field)
		}
		open = append(open, pattern)
	}
	for _, variable := range []string{"metadata", "filter_state", "upstream_filter_state", "upstream", "response", "xds", "node", "plugin_name"} {
		ask(variable)
	}
	for _, field := range []string{"time", "size", "total_size", "duration", "protocol"} {
		ask("request", field)
	}
	for _, field := range []string{"id", "tls_version", "termination_details", "transport_failure_reason", "sha256_peer_certificate_digest",
		"subject_local_certificate", "subject_peer_certificate", "dns_san_local_certificate", "dns_san_peer_certificate", "uri_san_local_certificate"} {
		ask("connection", field)
	}
	headers := map[string]string{}
	for _, name := range []string{":path", ":method", ":authority", ":scheme"} {
		headers[name], _ = r.header(name)
	}
	for name, value := range r.Headers {
		headers[name] = value
	}
	_, query, _ := strings.Cut(r.Path, "?")
	scheme, _ := r.header(":scheme")
	request := map[string]any{
		"path": r.Path, "url_path": r.pathOnly(), "query": query, "host": r.Host, "scheme": scheme, "method": r.Method,
		"headers": headers, "referer": r.Headers["referer"], "useragent": r.Headers["user-agent"],
	}
	if id, ok := r.Headers["x-request-id"]; ok {
		request["id"] = id
	} else {
		ask("request", "id")
	}
	known = map[string]any{"request": request, "connection": map[string]any{
		"mtls": r.Mutual, "requested_server_name": r.SNI, "uri_san_peer_certificate": r.Principal,
	}}
	at := func(variable string, ip netip.Addr, port int) {
		side := map[string]any{}
		if ip.IsValid() && port != 0 {
			side["address"] = netip.AddrPortFrom(ip, uint16(port)).String()
		} else {
			ask(variable, "address")
		}
		if port != 0 {
			side["port"] = port
		} else {
			ask(variable, "port")
		}
		known[variable] = side
	}
	at("source", r.Source, r.SourcePort)
	at("destination", r.IP, r.Port)
	return known, open
}
