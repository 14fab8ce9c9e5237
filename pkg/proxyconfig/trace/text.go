package trace

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// matchString applies a type.matcher.v3.StringMatcher. "If true, indicates the
// exact/prefix/suffix/contains matching should be case insensitive. This has no
// effect for the safe_regex match."
func matchString(m xds.StringMatcher, value string) (ok bool, rule string) {
	fold := func(s string) string {
		if m.IgnoreCase {
			return strings.ToLower(s)
		}
		return s
	}
	note := ""
	if m.IgnoreCase {
		note = " in any case"
	}
	switch {
	case m.Exact != nil:
		return fold(value) == fold(*m.Exact), fmt.Sprintf("is %q%s", *m.Exact, note)
	case m.Prefix != nil:
		return strings.HasPrefix(fold(value), fold(*m.Prefix)), fmt.Sprintf("starts with %q%s", *m.Prefix, note)
	case m.Suffix != nil:
		return strings.HasSuffix(fold(value), fold(*m.Suffix)), fmt.Sprintf("ends with %q%s", *m.Suffix, note)
	case m.Contains != nil:
		return strings.Contains(fold(value), fold(*m.Contains)), fmt.Sprintf("contains %q%s", *m.Contains, note)
	case m.Regex != nil:
		return matchRegex(m.Regex.Regex, value), fmt.Sprintf("matches %q", m.Regex.Regex)
	}
	return false, "fits an extension that is not evaluated here"
}

// matchRegex matches as Envoy does with RE2: "The entire string must match".
func matchRegex(pattern, value string) bool {
	re, err := regexp.Compile(`^(?s:` + pattern + `)$`)
	return err == nil && re.MatchString(value)
}
