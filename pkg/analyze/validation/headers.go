package validation

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

var (
	// tokenRegexp is the name of a header: RFC 7230, section 3.2.6.
	tokenRegexp = regexp.MustCompile("^[!#$%&'*+.^_`|~A-Za-z0-9-]+$")
	// plainNameRegexp is what names of headers look like in practice.
	plainNameRegexp = regexp.MustCompile(`^[-_A-Za-z0-9]+$`)
	// headerValueRegexp excludes control characters except the tab.
	headerValueRegexp = regexp.MustCompile("^[^\u0000-\u0008\u000A-\u001F\u007F]*$")
)

// headers checks headers that are set, added or removed.
func (r *report) headers(at resource.FieldPath, h *networking.Headers) {
	r.headerOperations(sub(at, "request"), h.GetRequest(), true)
	r.headerOperations(sub(at, "response"), h.GetResponse(), false)
}

func (r *report) headerOperations(at resource.FieldPath, ops *networking.Headers_HeaderOperations, request bool) {
	for field, headers := range map[string]map[string]string{"add": ops.GetAdd(), "set": ops.GetSet()} {
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			r.check(sub(at, field, name), checkChangedHeader(name, request))
			r.check(sub(at, field, name), checkHeaderValue(headers[name]))
		}
	}
	for i, name := range ops.GetRemove() {
		r.check(sub(at, "remove", i), checkChangedHeader(name, false))
	}
}

// checkChangedHeader checks the name of a header to change. The host may be
// set in requests, but neither removed nor set in responses.
func checkChangedHeader(name string, mayBeHost bool) error {
	switch {
	case name == "":
		return errors.New("a header's name must not be empty")
	case isAuthority(name) && mayBeHost:
		return nil
	case strings.EqualFold(name, "host"):
		return fmt.Errorf("header %q cannot be changed here", name)
	case strings.HasPrefix(name, ":"):
		return fmt.Errorf("header %q cannot be changed: it is a part of the request line", name)
	}
	return nil
}

// checkMatchedHeader checks the name of a header to look at.
func checkMatchedHeader(name string) error {
	switch {
	case name == "":
		return errors.New("a header's name must not be empty")
	case istio.IsJWTClaim(name), tokenRegexp.MatchString(name):
		return nil
	case slices.Contains([]string{":method", ":scheme", ":authority", ":path", ":status"}, name):
		return nil
	}
	return fmt.Errorf("%q cannot be the name of a header", name)
}

// checkPlainHeader checks names where only the usual characters are allowed.
func checkPlainHeader(name string) error {
	if name == "" {
		return errors.New("a header's name must not be empty")
	}
	if !plainNameRegexp.MatchString(name) {
		return fmt.Errorf("%q cannot be the name of a header here: use letters, digits, - and _", name)
	}
	return nil
}

// checkHeaderValue checks a value, in which Envoy replaces %NAME% and
// %NAME(arguments)% and reads %% as a percent sign.
func checkHeaderValue(value string) error {
	if !headerValueRegexp.MatchString(value) {
		return fmt.Errorf("the header value %q has control characters", value)
	}
	if !balancedVariables(value) {
		return fmt.Errorf("the header value %q is not complete: a variable is written %%NAME%%, a percent sign %%%%", value)
	}
	return nil
}

// balancedVariables walks through a header's value as Envoy's parser does.
func balancedVariables(value string) bool {
	for {
		_, rest, found := strings.Cut(value, "%")
		switch {
		case !found:
			return true
		case strings.HasPrefix(rest, "%"):
			value = rest[1:]
			continue
		}
		end := strings.IndexAny(rest, "%(")
		if end < 0 {
			return false
		}
		if rest[end] == '%' {
			value = rest[end+1:]
			continue
		}
		after, ok := skipArguments(rest[end+1:])
		after = strings.TrimLeft(after, " ")
		if !ok || !strings.HasPrefix(after, "%") {
			return false
		}
		value = after[1:]
	}
}

// skipArguments steps over the arguments of a variable, either a JSON list of
// strings or plain text, and the closing parenthesis.
func skipArguments(text string) (rest string, ok bool) {
	text = strings.TrimLeft(text, " ")
	if !strings.HasPrefix(text, "[") {
		return skipText(text, ")")
	}
	text = text[1:]
	for {
		text = strings.TrimLeft(text, " ")
		if !strings.HasPrefix(text, `"`) {
			return "", false
		}
		if text, ok = skipText(text[1:], `"`); !ok {
			return "", false
		}
		text = strings.TrimLeft(text, " ")
		switch {
		case strings.HasPrefix(text, ","):
			text = text[1:]
		case strings.HasPrefix(text, "]"):
			text = strings.TrimLeft(text[1:], " ")
			return strings.CutPrefix(text, ")")
		default:
			return "", false
		}
	}
}

// skipText steps over text up to and including the end character; a
// backslash protects the character after it.
func skipText(text, end string) (rest string, ok bool) {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == end[0]:
			return text[i+1:], true
		}
	}
	return "", false
}
