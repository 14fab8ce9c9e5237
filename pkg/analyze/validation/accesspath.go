package validation

import (
	"strings"

	"github.com/meshctl/meshctl/internal/resource"
)

// Templates for parts of a path in access rules.
const (
	onePart  = "{*}"
	allParts = "{**}" // everything that follows
)

// paths checks paths and path templates, and reports the first mistake.
func (c *checker) paths(at *place, values []string) {
	c.notEmpty(at, values)
	for i, value := range values {
		if why := templateMistake(value); why != "" {
			c.failf(at.Child(resource.Index(i)), "the path %q is not supported: %s", value, why)
			return
		}
	}
}

func templateMistake(path string) string {
	isTemplate := strings.Contains(path, onePart) || strings.Contains(path, allParts)
	ended := false
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		switch {
		case part == onePart || part == allParts:
			if ended {
				return allParts + " must be the last template in it"
			}
			ended = part == allParts
		case strings.ContainsAny(part, "{}"):
			return "the only templates for a part of a path are " + onePart + " and " + allParts
		case isTemplate && !isPathLiteral(part):
			return "the part " + part + " has characters that cannot be combined with templates"
		}
	}
	return ""
}

// isPathLiteral allows the characters of RFC 3986's pchar.
func isPathLiteral(part string) bool {
	for i := range len(part) {
		if c := part[i]; !isAlphanumeric(c) && strings.IndexByte("-._~%!$&'()+,;:@=", c) < 0 {
			return false
		}
	}
	return part != ""
}
