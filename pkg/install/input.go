package install

import (
	"fmt"
	"io/fs"

	"istio.io/istio/manifests"
)

// Release is the Istio release that is installed when the input names none.
type Release struct{ Hub, Tag string }

// DefaultRelease is the release whose charts are embedded.
func DefaultRelease() Release { return Release{Hub: "docker.io/istio", Tag: "1.31.1"} }

// EmbeddedCharts is the file system of charts and profiles in the binary.
func EmbeddedCharts() fs.FS { return manifests.FS }

// Input is what an operator asks for, before anything is merged.
// Later entries win: profile, release, Files in order, ValuesFiles in order,
// the single fields, Settings in order.
type Input struct {
	Charts      Charts // zero value: the embedded charts
	Release     Release
	Profile     string
	Files       []File // IstioOperator documents
	ValuesFiles []File // Helm values, laid over spec.values
	Settings    []Setting

	Revision             string // "" or "default": no revision
	Hub                  string
	Tag                  string
	Platform             string
	CompatibilityVersion string

	// Detected are settings that the cluster's provider asks for; whatever the
	// user says wins over them.
	Detected []Setting
	// KubeVersion is the version that charts are told, "" for the oldest one
	// that this release of Istio supports.
	KubeVersion string
	// Force turns problems of the input into warnings.
	Force bool
}

// Config is the merged input: one IstioOperator document in which Helm values
// are complete. It is not changed after Resolve.
type Config struct {
	tree        Values
	asked       Values // what the user said, before the profile
	charts      Charts
	kubeVersion string
	// Warnings are problems that do not stop a rendering.
	Warnings []string
}

// Tree gives a copy of the merged IstioOperator document.
func (c *Config) Tree() Values { return clone(c.tree) }

// Revision is the revision of the control plane, "default" if none is named.
func (c *Config) Revision() string {
	if r := lookupString(c.tree, "spec", "values", "revision"); r != "" {
		return r
	}
	return "default"
}

// Namespace is where the control plane goes.
func (c *Config) Namespace() string {
	if ns := lookupString(c.tree, "metadata", "namespace"); ns != "" {
		return ns
	}
	return "istio-system"
}

// Tag is the tag of the images, "1.31.1" if nobody asked for another one.
func (c *Config) Tag() string {
	tag, _ := lookup(c.tree, "spec", "values", "global", "tag")
	return fmt.Sprint(tag)
}

// Profile is the name of the profile in use.
func (c *Config) Profile() string {
	if p := lookupString(c.tree, "spec", "profile"); p != "" {
		return p
	}
	return defaultProfile
}
