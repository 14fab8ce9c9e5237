package diff

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// ownerOf is the Istio object that a value came from: the one that istiod noted in
// the metadata of the value, else the one of what is around. Where the versions
// disagree the answer does not depend on which of them is the older.
func ownerOf(around string, nodes ...*node) string {
	object, service := "", ""
	for _, n := range nodes {
		object, service = max(object, noted(n)), max(service, servedBy(n))
	}
	return cmp.Or(object, service, around)
}

// ownerWithin is ownerOf for a value that comes or goes as a whole: if neither it nor
// what is around has a note, what is noted deep inside counts.
func ownerWithin(around string, n *node) string {
	if owner := ownerOf(around, n); owner != "" {
		return owner
	}
	found := map[string]bool{}
	owners(n, found)
	return strings.Join(slices.Sorted(maps.Keys(found)), ", ")
}

// noted is the object in the metadata of a value itself.
func noted(n *node) string {
	if o, ok := xds.ObjectOfPath(n.at("metadata", "filter_metadata", "istio", "config").text()); ok {
		return o.String()
	}
	return ""
}

// servedBy is the service behind a cluster, which caused it if no object shapes it.
func servedBy(n *node) string {
	services := n.at("metadata", "filter_metadata", "istio", "services")
	if services == nil || len(services.items) == 0 {
		return ""
	}
	service := services.items[0]
	return xds.Object{Kind: "Service", Namespace: service.get("namespace").text(), Name: service.get("name").text()}.String()
}

// policyName is how istiod names the rules of an AuthorizationPolicy in a filter.
var policyName = regexp.MustCompile(`^ns\[(.+)\]-policy\[(.+)\]-rule\[\d+\]$`)

// ownerOfKey is the object in the name of a member, around if there is none.
func ownerOfKey(around, name string) string {
	if len(name) > 3 && name[:3] == "ns[" {
		if m := policyName.FindStringSubmatch(name); m != nil {
			return xds.Object{Kind: "AuthorizationPolicy", Namespace: m[1], Name: m[2]}.String()
		}
	}
	return around
}

// owners lists all objects that are noted in a value.
func owners(n *node, into map[string]bool) {
	if n == nil {
		return
	}
	if owner := ownerOf("", n); owner != "" {
		into[owner] = true
	}
	for _, m := range n.members {
		if owner := ownerOfKey("", m.name); owner != "" {
			into[owner] = true
		}
		owners(m.value, into)
	}
	for _, item := range n.items {
		owners(item, into)
	}
}
