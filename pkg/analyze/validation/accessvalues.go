package validation

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/meshctl/meshctl/internal/resource"
)

// The checks below report one mistake a list, as the control plane does,
// except for addresses and ports, where each counts.

// notEmpty refuses lists with empty values.
func (c *checker) notEmpty(at *place, values []string) {
	if i := slices.Index(values, ""); i >= 0 {
		c.emptyValue(at, i)
	}
}

func (c *checker) emptyValue(list *place, i int) {
	c.failf(list.Child(resource.Index(i)), "an empty value is not allowed in %s", list.name)
}

func (c *checker) addresses(at *place, values []string) {
	c.ipBlocks(at, values)
	c.notEmpty(at, values)
}

func (c *checker) ipBlocks(at *place, values []string) {
	for i, value := range values {
		at := at.Child(resource.Index(i))
		if !strings.Contains(value, "/") {
			if !isIP(value) {
				c.failf(at, "%q is not an IP address", value)
			}
		} else if _, err := netip.ParsePrefix(value); err != nil {
			c.failf(at, "%q is not an address range such as 10.0.0.0/8", value)
		}
	}
}

func (c *checker) portTexts(at *place, values []string) {
	c.portRange(at, values)
	c.notEmpty(at, values)
}

func (c *checker) portRange(at *place, values []string) {
	for i, value := range values {
		if _, err := strconv.ParseUint(value, 10, 16); err != nil {
			c.failf(at.Child(resource.Index(i)), "%q is not a port", value)
		}
	}
}

func (c *checker) trustDomains(at *place, values []string) {
	if !c.outerWildcards(at, values) {
		return
	}
	if i := slices.IndexFunc(values, func(v string) bool { return strings.Contains(v, "/") }); i >= 0 {
		c.failf(at.Child(resource.Index(i)), "%q is not a trust domain: it has a slash", values[i])
	}
}

// outerWildcards allows one "*", at the start or the end.
func (c *checker) outerWildcards(at *place, values []string) (valid bool) {
	for i, value := range values {
		list, at := at, at.Child(resource.Index(i))
		switch {
		case value == "":
			c.emptyValue(list, i)
		case strings.Count(value, "*") > 1:
			c.failf(at, "%q has more than one wildcard", value)
		case strings.Contains(strings.Trim(value, "*"), "*"):
			c.failf(at, "%q has its wildcard neither at the start nor at the end", value)
		default:
			continue
		}
		return false
	}
	return true
}

// serviceAccounts checks names like "namespace/account" or "account".
func (c *checker) serviceAccounts(at *place, values []string) {
	const most, longest = 16, 320
	if len(values) > most {
		c.failf(at, "more than %d service accounts are not allowed", most)
		return
	}
	for i, value := range values {
		list, at := at, at.Child(resource.Index(i))
		switch {
		case value == "":
			c.emptyValue(list, i)
		case strings.Contains(value, "*"):
			c.failf(at, "%q: wildcards are not allowed in service accounts", value)
		case strings.Count(value, "/") > 1, strings.HasPrefix(value, "/"), strings.HasSuffix(value, "/"):
			c.failf(at, "%q: expected ACCOUNT or NAMESPACE/ACCOUNT", value)
		case len(value) > longest:
			c.failf(at, "%q is longer than %d characters", value, longest)
		default:
			continue
		}
		return
	}
}
