package validation

import (
	"maps"
	"slices"
	"strings"
)

// labels checks keys and values of labels as Kubernetes does.
func (c *checker) labels(at *place, labels map[string]string) {
	for _, key := range sortedKeys(labels) {
		if !isLabelKey(key) {
			c.failf(at.Child(key), "%q is not a label key", key)
		}
		if value := labels[key]; value != "" && !isQualifiedName(value) {
			c.failf(at.Child(key), "%q is not a label value", value)
		}
	}
}

func isLabelKey(key string) bool {
	const maxPrefix = 253
	prefix, name, prefixed := strings.Cut(key, "/")
	if !prefixed {
		prefix, name = "", key
	}
	if prefixed {
		if len(prefix) > maxPrefix {
			return false
		}
		for label := range strings.SplitSeq(prefix, ".") {
			if label == "" || !isDNSLabel(label[:min(len(label), maxLabel)]) {
				return false
			}
		}
	}
	return len(name) <= maxLabel && isQualifiedName(name)
}

// isQualifiedName allows letters, digits and, inside, hyphens, underscores and dots.
func isQualifiedName(s string) bool {
	if s == "" || !isAlphanumeric(s[0]) || !isAlphanumeric(s[len(s)-1]) {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// sortedKeys makes the order of issues the same in every run.
func sortedKeys[V any](m map[string]V) []string {
	if len(m) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(m))
}
