package proxyconfig

import (
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// causedBy keeps the resources that came from an object, all of them if there is none.
func causedBy(resources []dump.Resource, o xds.Object) []dump.Resource {
	if o == (xds.Object{}) {
		return resources
	}
	var out []dump.Resource
	for _, r := range resources {
		if xds.Mentions(r.Body, o) {
			out = append(out, r)
		}
	}
	return out
}

// origin is the object behind a metadata path in the peer's short form name.namespace.
func origin(path string) string {
	rest, networking := strings.CutPrefix(path, "/apis/networking.istio.io/")
	if !networking {
		if path == "" {
			return ""
		}
		return "<unknown>"
	}
	// What is left is v1/namespaces/NAMESPACE/kind/NAME.
	parts := strings.Split(rest, "/")
	if len(parts) != 5 {
		return ""
	}
	return parts[4] + "." + parts[2]
}

// inUse lists the resources of a section that the proxy works with, those that came
// by discovery first: neither those that it waits for nor those that it lets go.
func inUse(d *dump.Dump, section dump.Section) []dump.Resource {
	var dynamic, static []dump.Resource
	for _, r := range d.List(section) {
		switch r.State {
		case dump.Active:
			dynamic = append(dynamic, r)
		case dump.Static:
			static = append(static, r)
		}
	}
	return append(dynamic, static...)
}
