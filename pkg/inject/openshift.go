package inject

import (
	"fmt"
	"strings"
)

// The annotations in which OpenShift writes the IDs a namespace's pods may
// use, as "first/count" or "first-last".
const (
	uidRangeAnnotation = "openshift.io/sa.scc.uid-range"
	groupsAnnotation   = "openshift.io/sa.scc.supplemental-groups"
)

const defaultProxyID = 1337

// proxyIDs are the user and group that a proxy runs as: the last of those the
// namespace has, else Istio's own.
func proxyIDs(namespace map[string]string) (uid, gid int64) {
	uid, gid = defaultProxyID, defaultProxyID
	if last, ok := lastID(namespace[uidRangeAnnotation]); ok {
		uid = last
	}
	groups := namespace[groupsAnnotation]
	if groups == "" {
		groups = namespace[uidRangeAnnotation]
	}
	first, _, _ := strings.Cut(groups, ",")
	if last, ok := lastID(first); ok {
		gid = last
	}
	return uid, gid
}

func lastID(block string) (int64, bool) {
	var first, second uint32
	if n, _ := fmt.Sscanf(block, "%d/%d", &first, &second); n == 2 {
		return int64(first) + int64(second) - 1, true
	}
	if n, _ := fmt.Sscanf(block, "%d-%d", &first, &second); n == 2 {
		return int64(second), true
	}
	return 0, false
}
