package validation

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/resource"
)

func (r *report) httpMatches(at resource.FieldPath, route *networking.HTTPRoute) {
	for i, match := range route.GetMatch() {
		if match == nil {
			continue
		}
		at := sub(at, "match", i)
		for _, name := range slices.Sorted(maps.Keys(match.GetHeaders())) {
			if match.GetHeaders()[name] == nil {
				r.errorf(sub(at, "headers", name), "the match of header %q must not be null", name)
			}
			r.check(sub(at, "headers", name), checkMatchedHeader(name))
			r.check(sub(at, "headers", name), checkStringMatch(match.GetHeaders()[name]))
		}
		for _, name := range slices.Sorted(maps.Keys(match.GetWithoutHeaders())) {
			r.check(sub(at, "withoutHeaders", name), checkMatchedHeader(name))
			// A lone star is no regular expression here, but means "present".
			if m := match.GetWithoutHeaders()[name]; m.GetRegex() != "*" {
				r.check(sub(at, "withoutHeaders", name), checkStringMatch(m))
			}
		}
		r.check(sub(at, "uri", "regex"), checkRegexMatch(match.GetUri())) // an empty uri prefix is allowed
		r.check(sub(at, "scheme"), in("scheme", checkStringMatch(match.GetScheme())))
		r.check(sub(at, "method"), in("method", checkStringMatch(match.GetMethod())))
		r.check(sub(at, "authority"), in("authority", checkStringMatch(match.GetAuthority())))
		for _, name := range slices.Sorted(maps.Keys(match.GetQueryParams())) {
			r.check(sub(at, "queryParams", name), in("queryParams", checkStringMatch(match.GetQueryParams()[name])))
		}
		if match.GetPort() != 0 {
			r.check(sub(at, "port"), checkPort(int(match.GetPort())))
		}
		r.labels(sub(at, "sourceLabels"), match.GetSourceLabels())
		r.withoutWarnings(func() { r.gatewayNames(sub(at, "gateways"), match.GetGateways()) })
		if ns := match.GetSourceNamespace(); ns != "" && !isLabel(ns) {
			r.errorf(sub(at, "sourceNamespace"), "%q cannot be a namespace", ns)
		}
	}
}

// in says to which part of a match an error belongs.
func in(part string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", part, err)
}

func checkStringMatch(m *networking.StringMatch) error {
	if p, ok := m.GetMatchType().(*networking.StringMatch_Prefix); ok && p.Prefix == "" {
		return errors.New("an empty prefix matches everything")
	}
	return checkRegexMatch(m)
}

func checkRegexMatch(m *networking.StringMatch) error {
	if e, ok := m.GetMatchType().(*networking.StringMatch_Regex); ok {
		if e.Regex == "" {
			return errors.New("a regular expression must not be empty")
		}
		return checkRegex(e.Regex)
	}
	return nil
}

// checkRegex checks an expression of RE2, which Go and Envoy have in common.
// Envoy limits the size of the program; its length is a good approximation.
func checkRegex(expression string) error {
	const longest = 1024
	if len(expression) > longest {
		return fmt.Errorf("a regular expression must not be longer than %d characters", longest)
	}
	if _, err := regexp.Compile(expression); err != nil {
		return fmt.Errorf("%q is not a regular expression of RE2: %w", expression, err)
	}
	return nil
}
