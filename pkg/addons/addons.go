// Package addons holds what is commonly installed beside a mesh to look into
// it: Prometheus, Grafana with dashboards, Kiali and Jaeger, each as manifests
// of this project's own, wired to each other.
//
// The way through the package: Options → Render → []Object. It knows no
// cluster; the caller applies the objects and tells what is there already.
package addons

import (
	"fmt"
	"slices"
	"strings"
)

// Labels by which the objects of addons are found again. None of them is a
// label by which the mesh's own objects are found, so that removing the one
// never touches the other.
const (
	// NameLabel holds the name of the addon that an object is part of.
	NameLabel = "addons.meshctl.io/name"
	// NamespaceLabel holds the namespace into which it was installed; objects
	// without a namespace have it too.
	NamespaceLabel = "addons.meshctl.io/namespace"
	// VersionLabel holds the version of what an object runs.
	VersionLabel = "app.kubernetes.io/version"
)

// Addon is one program that can be installed.
type Addon struct {
	Name    string // as the user types it, and of its main objects
	Title   string // as its makers write it
	Version string
	Image   string
	About   string // one line
	// Stores tells that it keeps data that outlives a pod, if it is asked to.
	Stores bool
}

// All lists the addons in the order in which help shows them.
func All() []Addon {
	return []Addon{
		{
			Name: "prometheus", Title: "Prometheus", Version: "3.11.3", Image: "docker.io/prom/prometheus:v3.11.3", Stores: true,
			About: "gathers metrics of the control plane, the proxies and the applications",
		},
		{
			Name: "grafana", Title: "Grafana", Version: "13.1.2", Image: "docker.io/grafana/grafana:13.1.2", Stores: true,
			About: "draws them: dashboards of the mesh, services, workloads and the control plane",
		},
		{
			Name: "kiali", Title: "Kiali", Version: "2.30.0", Image: "quay.io/kiali/kiali:v2.30.0",
			About: "shows the mesh as a graph, with the state of its configuration",
		},
		{
			Name: "jaeger", Title: "Jaeger", Version: "2.17.0", Image: "docker.io/jaegertracing/jaeger:2.17.0", Stores: true,
			About: "takes and shows traces",
		},
	}
}

// Names are those of all addons.
func Names() []string {
	var names []string
	for _, a := range All() {
		names = append(names, a.Name)
	}
	return names
}

// Named is the addon with a name.
func Named(name string) (Addon, error) {
	for _, a := range All() {
		if a.Name == name {
			return a, nil
		}
	}
	return Addon{}, fmt.Errorf("there is no addon %q; there are %s", name, strings.Join(Names(), ", "))
}

// Selector picks all objects that were installed into a namespace; into any, if
// it is empty.
func Selector(namespace string) string {
	if namespace == "" {
		return NameLabel
	}
	return NameLabel + "," + NamespaceLabel + "=" + namespace
}

// sorted gives names in the order of All, each once.
func sorted(names []string) []string {
	return slices.DeleteFunc(Names(), func(name string) bool { return !slices.Contains(names, name) })
}
