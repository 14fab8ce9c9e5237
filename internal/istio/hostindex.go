package istio

import (
	"slices"
	"strings"
)

// HostIndex finds values by host name without comparing every pair of hosts:
// a lookup costs as much as the host is long, plus what it finds. The zero
// value is an empty index.
type HostIndex[T any] struct {
	exact     map[string][]T // by host as written, wildcards included
	wildcards map[string][]T // by what follows the star
	reversed  []reversedHost // sorted when first needed
	sorted    bool
}

// reversedHost makes "all hosts with this suffix" a range of a sorted list.
type reversedHost struct{ key, host string }

// Add records a value for a host.
func (x *HostIndex[T]) Add(host string, value T) {
	if x.exact == nil {
		x.exact, x.wildcards = map[string][]T{}, map[string][]T{}
	}
	if _, known := x.exact[host]; !known {
		x.reversed = append(x.reversed, reversedHost{reverse(strings.TrimPrefix(host, "*")), host})
		x.sorted = false
	}
	x.exact[host] = append(x.exact[host], value)
	if Wildcard(host) {
		x.wildcards[host[1:]] = append(x.wildcards[host[1:]], value)
	}
}

// Exact lists the values of exactly this host.
func (x *HostIndex[T]) Exact(host string) []T { return x.exact[host] }

// Covering lists the values of the wildcards that cover host, the longest wildcard first.
func (x *HostIndex[T]) Covering(host string) []T {
	if len(x.wildcards) == 0 {
		return nil
	}
	var found []T
	name := strings.TrimPrefix(host, "*")
	for i := range len(name) + 1 {
		found = append(found, x.wildcards[name[i:]]...)
	}
	return found
}

// Overlapping lists the values of all hosts that overlap with host, itself included.
// It sorts the index when first called after an Add.
func (x *HostIndex[T]) Overlapping(host string) []T {
	if !Wildcard(host) {
		return append(slices.Clone(x.exact[host]), x.Covering(host)...)
	}
	if !x.sorted {
		slices.SortFunc(x.reversed, func(a, b reversedHost) int { return strings.Compare(a.key, b.key) })
		x.sorted = true
	}
	found := x.Covering(host)
	prefix := reverse(host[1:])
	from, _ := slices.BinarySearchFunc(x.reversed, prefix, func(h reversedHost, p string) int { return strings.Compare(h.key, p) })
	for _, h := range x.reversed[from:] {
		if !strings.HasPrefix(h.key, prefix) {
			break
		}
		// A wildcard with the same suffix was found as a covering one.
		if Wildcard(h.host) && len(h.host) == len(host) {
			continue
		}
		found = append(found, x.exact[h.host]...)
	}
	return found
}

func reverse(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}
