package crd

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"sync"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"

	"github.com/meshctl/meshctl/internal/resource"
)

// costLimit is how much one rule may cost, as in the API server
// (k8s.io/apiserver/pkg/apis/cel, PerCallLimit).
const costLimit = 1_000_000

// openRule is a rule that has to be evaluated for a value.
type openRule struct {
	at    resource.FieldPath
	value any
	rule  *rule
}

// evaluate adds the problem that a rule finds.
func (c *checker) evaluate(ctx context.Context, open openRule) {
	message := open.rule.Message
	if message == "" {
		message = "the rule " + open.rule.Rule + " does not hold"
	}
	program, err := open.rule.program()
	if err != nil {
		c.wrong = append(c.wrong, Problem{Field: open.at, Message: fmt.Sprintf("compiling the rule %s: %v", open.rule.Rule, err)})
		return
	}
	result, _, err := program.ContextEval(ctx, map[string]any{"self": open.value})
	if err != nil || result != types.True {
		c.wrong = append(c.wrong, Problem{Field: open.at, Message: message})
	}
}

// reservedInCEL reports whether a field's name is a word of CEL. The API server
// gives such a field another name (apiextensions.k8s.io/v1, ValidationRule.rule).
func reservedInCEL(name string) bool {
	switch name {
	case "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if",
		"import", "let", "loop", "package", "namespace", "return", "var", "void", "while":
		return true
	}
	return false
}

func escapedName(name string) string { return "__" + name + "__" }

// environment is what the rules of the CRDs use: CEL's standard library, and of
// the API server's extensions those for text, URLs and addresses. A test
// compiles every rule, so that a new release with others shows.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	return cel.NewEnv(
		cel.Variable("self", cel.DynType),
		cel.CrossTypeNumericComparisons(true),
		cel.Function("substring", cel.MemberOverload("string_substring_int_int",
			[]*cel.Type{cel.StringType, cel.IntType, cel.IntType}, cel.StringType, cel.FunctionBinding(substring)),
			cel.MemberOverload("string_substring_int", []*cel.Type{cel.StringType, cel.IntType}, cel.StringType, cel.FunctionBinding(substring))),
		cel.Function("split", cel.MemberOverload("string_split_string",
			[]*cel.Type{cel.StringType, cel.StringType}, cel.ListType(cel.StringType), cel.BinaryBinding(func(text, separator ref.Val) ref.Val {
				return types.DefaultTypeAdapter.NativeToValue(strings.Split(string(text.(types.String)), string(separator.(types.String))))
			}))),
		cel.Function("isIP", cel.Overload("is_ip_string", []*cel.Type{cel.StringType}, cel.BoolType,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return types.Bool(isIP(string(v.(types.String)))) }))),
		cel.Function("isURL", cel.Overload("is_url_string", []*cel.Type{cel.StringType}, cel.BoolType,
			cel.UnaryBinding(func(v ref.Val) ref.Val { _, err := parseURL(v); return types.Bool(err == nil) }))),
		cel.Function("url", cel.Overload("string_to_url", []*cel.Type{cel.StringType}, urlType,
			cel.UnaryBinding(func(v ref.Val) ref.Val {
				u, err := parseURL(v)
				if err != nil {
					return types.WrapErr(err)
				}
				return urlValue{u}
			}))),
		cel.Function("getScheme", cel.MemberOverload("url_get_scheme", []*cel.Type{urlType}, cel.StringType,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return types.String(v.(urlValue).Scheme) }))),
	)
})

func compile(text string) (cel.Program, error) {
	env, err := environment()
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(text)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	return env.Program(ast, cel.CostLimit(costLimit), cel.InterruptCheckFrequency(100))
}

// isIP reports whether a text is an address as the API server reads it: none
// with a zone, and no IPv4 address in the form of IPv6.
func isIP(text string) bool {
	address, err := netip.ParseAddr(text)
	return err == nil && address.Zone() == "" && !address.Is4In6()
}

// substring is text.substring(start, end), or to the text's end, counted in characters.
func substring(args ...ref.Val) ref.Val {
	text := []rune(args[0].(types.String))
	start, end := int(args[1].(types.Int)), len(text)
	if len(args) > 2 {
		end = int(args[2].(types.Int))
	}
	if start < 0 || end < start || end > len(text) {
		return types.NewErr("there are no characters %d to %d", start, end)
	}
	return types.String(text[start:end])
}

// parseURL reads a URL as the API server's CEL library does
// (https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-url-library).
func parseURL(v ref.Val) (*url.URL, error) {
	text, ok := v.Value().(string)
	if !ok {
		return nil, fmt.Errorf("a URL must be a string, not %s", v.Type().TypeName())
	}
	return url.ParseRequestURI(text)
}

var urlType = cel.OpaqueType("kubernetes.URL")

// urlValue is a URL as a value of CEL.
type urlValue struct{ *url.URL }

func (u urlValue) Type() ref.Type { return urlType }
func (u urlValue) Value() any     { return u.URL }

func (u urlValue) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a URL cannot be converted to %s", t)
}

func (u urlValue) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("a URL cannot be converted to %s", t.TypeName())
}

func (u urlValue) Equal(other ref.Val) ref.Val {
	o, ok := other.(urlValue)
	return types.Bool(ok && o.String() == u.String())
}
