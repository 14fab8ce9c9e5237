package istio

import (
	"maps"
	"slices"
	"strings"
)

// Selects reports whether all pairs of a selector are among the labels; the
// empty selector selects everything.
func Selects(selector, labels map[string]string) bool {
	for key, value := range selector {
		if have, ok := labels[key]; !ok || have != value {
			return false
		}
	}
	return true
}

// SelectorString writes a selector the way kubectl does: "a=b,c=d", sorted.
func SelectorString(selector map[string]string) string {
	pairs := make([]string, 0, len(selector))
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		pairs = append(pairs, key+"="+selector[key])
	}
	return strings.Join(pairs, ",")
}
