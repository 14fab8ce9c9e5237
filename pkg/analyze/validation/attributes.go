package validation

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/meshctl/meshctl/internal/resource"
)

// valueList is a field of a rule with the check of its values.
type valueList struct {
	field  string
	values []string
	check  func([]string) error
}

func allEmpty(lists []valueList) bool {
	return !slices.ContainsFunc(lists, func(l valueList) bool { return len(l.values) > 0 })
}

func (r *report) ips(at resource.FieldPath, values []string) {
	for i, value := range values {
		r.check(sub(at, i), checkIPBlock(value))
	}
}

func (r *report) portTexts(at resource.FieldPath, values []string) {
	for i, value := range values {
		r.check(sub(at, i), checkPortText(value))
	}
}

func checkIPBlock(value string) error {
	if strings.Contains(value, "/") {
		if _, err := netip.ParsePrefix(value); err != nil {
			return fmt.Errorf("%q is not a CIDR block", value)
		}
		return nil
	}
	return checkIP(value)
}

func checkPortText(value string) error {
	if n, err := strconv.ParseUint(value, 10, 32); err != nil || n > 65535 {
		return fmt.Errorf("%q is not a port", value)
	}
	return nil
}

func checkNotEmpty(values []string) error {
	if slices.Contains(values, "") {
		return fmt.Errorf("a value must not be empty")
	}
	return nil
}

// checkWildcards allows one star in a value, at its start or end.
func checkWildcards(values []string) error {
	for _, value := range values {
		switch stars := strings.Count(value, "*"); {
		case value == "":
			return fmt.Errorf("a value must not be empty")
		case stars > 1, stars == 1 && !strings.HasPrefix(value, "*") && !strings.HasSuffix(value, "*"):
			return fmt.Errorf("%q: one star can stand at the start or at the end", value)
		}
	}
	return nil
}

func checkTrustDomains(values []string) error {
	if err := checkWildcards(values); err != nil {
		return err
	}
	for _, value := range values {
		if strings.Contains(value, "/") {
			return fmt.Errorf("%q is not a trust domain: it has a slash", value)
		}
	}
	return nil
}

// checkServiceAccounts checks names of the form "account" or "namespace/account".
func checkServiceAccounts(values []string) error {
	const most, longest = 16, 320
	if len(values) > most {
		return fmt.Errorf("more than %d values", most)
	}
	for _, value := range values {
		namespace, account, qualified := strings.Cut(value, "/")
		switch {
		case value == "":
			return fmt.Errorf("a value must not be empty")
		case strings.Contains(value, "*"):
			return fmt.Errorf("%q: wildcards are not allowed", value)
		case strings.Contains(account, "/"), qualified && (namespace == "" || account == ""):
			return fmt.Errorf("%q is not of the form account or namespace/account", value)
		case len(value) > longest:
			return fmt.Errorf("a value has more than %d characters", longest)
		}
	}
	return nil
}

// pathCharacters are those that RFC 3986 allows in a segment of a path.
var pathCharacters = regexp.MustCompile(`^[a-zA-Z0-9-._~%!$&'()+,;:@=]+$`)

// checkPathTemplates checks paths with "{*}" for one segment and "{**}" for
// any number of them, the latter at the end of the templates only.
func checkPathTemplates(paths []string) error {
	for _, path := range paths {
		template := strings.Contains(path, "{*}") || strings.Contains(path, "{**}")
		many := false
		for segment := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
			switch {
			case segment == "{*}" || segment == "{**}":
				if many {
					return fmt.Errorf("path %q: {**} must be the last template", path)
				}
				many = segment == "{**}"
			case strings.ContainsAny(segment, "{}"):
				return fmt.Errorf("path %q: braces can be used for {*} and {**} as whole segments only", path)
			case template && !pathCharacters.MatchString(segment):
				return fmt.Errorf("path %q: segment %q has characters that paths cannot have", path, segment)
			}
		}
	}
	return nil
}

// checkAttribute checks the values of a condition by its key.
func checkAttribute(key string, values []string) error {
	if err := checkNotEmpty(values); err != nil {
		return err
	}
	switch {
	case strings.HasPrefix(key, "request.headers"), strings.HasPrefix(key, "request.auth.claims"), strings.HasPrefix(key, "experimental.envoy.filters."):
		if open := strings.Index(key, "["); !strings.HasSuffix(key, "]") || open <= 0 || open >= len(key)-2 {
			return fmt.Errorf("the key must have the form %s[NAME]", strings.TrimRight(key, "[]"))
		}
	case key == "source.ip", key == "remote.ip", key == "destination.ip":
		return checkAll(values, checkIPBlock)
	case key == "destination.port":
		return checkAll(values, checkPortText)
	case key == "source.serviceAccount":
		return checkServiceAccounts(values)
	case key == "source.trustDomain":
		return checkWildcards(values)
	case key == "source.namespace", key == "source.principal", key == "request.auth.principal",
		key == "request.auth.audiences", key == "request.auth.presenter", key == "connection.sni":
	case key == "destination.namespace":
		return fmt.Errorf("the namespace is that of the policy: remove the condition")
	case strings.HasPrefix(key, "destination.labels"):
		return fmt.Errorf("use the policy's selector instead")
	default:
		return fmt.Errorf("the attribute is not known")
	}
	return nil
}

func checkAll(values []string, check func(string) error) error {
	for _, value := range values {
		if err := check(value); err != nil {
			return err
		}
	}
	return nil
}
