package trace

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// matchHeader applies a config.route.v3.HeaderMatcher and says what it wanted.
//
// A value matcher on a header that is not there does not match, inverted or not:
// "the header matcher rule will be ignored so it will not match", unless
// treat_missing_header_as_empty is set. Only present_match looks at absence.
func matchHeader(m xds.HeaderMatcher, r Request) (ok bool, rule string) {
	value, present := r.header(m.Name)
	if !present && m.MissingEmpty {
		value, present = "", true
	}
	match, rule, presence := headerRule(m, value, present)
	if m.Invert {
		rule = "not: " + rule
	}
	rule = fmt.Sprintf("header %s %s", m.Name, rule)
	switch {
	case presence:
		return match != m.Invert, rule
	case !present:
		return false, rule
	}
	return match != m.Invert, rule
}

// headerRule is the matcher without its inversion. presence tells that it asks for the
// header alone.
func headerRule(m xds.HeaderMatcher, value string, present bool) (ok bool, rule string, presence bool) {
	switch {
	case m.String != nil:
		ok, rule = matchString(*m.String, value)
		return ok, rule, false
	case m.Exact != nil:
		return value == *m.Exact, fmt.Sprintf("is %q", *m.Exact), false
	case m.Prefix != nil:
		return strings.HasPrefix(value, *m.Prefix), fmt.Sprintf("starts with %q", *m.Prefix), false
	case m.Suffix != nil:
		return strings.HasSuffix(value, *m.Suffix), fmt.Sprintf("ends with %q", *m.Suffix), false
	case m.Contains != nil:
		return strings.Contains(value, *m.Contains), fmt.Sprintf("contains %q", *m.Contains), false
	case m.SafeRegex != nil:
		return matchRegex(m.SafeRegex.Regex, value), fmt.Sprintf("matches %q", m.SafeRegex.Regex), false
	case m.Range != nil:
		// "[-10,0) will match all values including -10 but not 0", a string that is no
		// number does not match.
		n, err := strconv.ParseInt(value, 10, 64)
		return err == nil && n >= int64(m.Range.Start) && n < int64(m.Range.End),
			fmt.Sprintf("is in [%d,%d)", m.Range.Start, m.Range.End), false
	case m.Present != nil && !*m.Present:
		return !present, "is absent", true
	}
	// Neither present_match nor another kind: presence is the default.
	return present, "is present", true
}

// matchQuery applies a config.route.v3.QueryParameterMatcher. "In the event query
// parameters are repeated, only the first value for each key will be considered."
func matchQuery(m xds.QueryMatcher, r Request) (ok bool, rule string) {
	values, present := r.query()[m.Name]
	if m.String != nil {
		value := ""
		if present {
			value = values[0]
		}
		ok, rule = matchString(*m.String, value)
		return ok && present, fmt.Sprintf("query parameter %s %s", m.Name, rule)
	}
	if m.Present != nil && !*m.Present {
		return !present, fmt.Sprintf("query parameter %s is absent", m.Name)
	}
	return present, fmt.Sprintf("query parameter %s is present", m.Name)
}

// matchCookie applies a config.route.v3.CookieMatcher to the Cookie header. A cookie
// that is not there does not match, inverted or not.
func matchCookie(m xds.CookieMatcher, r Request) (ok bool, rule string) {
	value, present := r.cookie(m.Name)
	if !present || m.String == nil {
		return false, fmt.Sprintf("cookie %s is there", m.Name)
	}
	ok, rule = matchString(*m.String, value)
	return ok != m.Invert, fmt.Sprintf("cookie %s %s", m.Name, rule)
}

// cookie gives the first cookie of a name.
func (r Request) cookie(wanted string) (value string, present bool) {
	for pair := range strings.SplitSeq(r.Headers["cookie"], ";") {
		if name, value, _ := strings.Cut(strings.TrimSpace(pair), "="); name == wanted {
			return strings.Trim(value, `"`), true
		}
	}
	return "", false
}
