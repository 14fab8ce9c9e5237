package install

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// An installation leaves a record of what was asked for: the operator document
// into which files and settings were merged, without what the profile adds.
// Whoever installs it again gets the same mesh, and with a newer release the
// newer defaults. It is written after everything else, so that it never tells
// of an installation that was cut off.

const (
	recordLabel  = "install.meshctl.io/installed-state"
	recordKey    = "installed-state.yaml"
	chartsMarker = "install.meshctl.io/manifests" // annotation: where the charts came from
)

// record is the ConfigMap with the operator document of this configuration.
func (c *Config) record() (*Object, error) {
	asked := clone(c.asked)
	if c.charts.location != "" {
		put(asked, c.charts.location, "metadata", "annotations", chartsMarker)
	}
	if len(lookupMap(asked, "metadata")) == 0 {
		delete(asked, "metadata")
	}
	document, err := ToYAML(asked)
	if err != nil {
		return nil, err
	}
	labels := Values{recordLabel: "true"}
	for key, value := range c.ownerLabels("Pilot") {
		labels[key] = value
	}
	o := &Object{
		Component: "Pilot", APIVersion: "v1", Kind: "ConfigMap",
		Namespace: c.Namespace(), Name: c.recordName(),
	}
	o.content = Values{
		"apiVersion": o.APIVersion, "kind": o.Kind,
		"metadata": Values{"name": o.Name, "namespace": o.Namespace, "labels": labels},
		"data":     Values{recordKey: string(document)},
	}
	return o, nil
}

// recordName tells apart what is pruned apart: several operator documents with
// names of their own may share a revision.
func (c *Config) recordName() string {
	parts := []string{"istio-installed-state"}
	if name := lookupString(c.asked, "metadata", "name"); name != "" {
		parts = append(parts, name)
	}
	if revision := c.Revision(); revision != defaultRevision {
		parts = append(parts, revision)
	}
	return strings.Join(parts, "-")
}

func isRecord(o *Object) bool {
	return o.Kind == "ConfigMap" && lookupString(o.content, "metadata", "labels", recordLabel) != ""
}

// InstalledState is what an earlier installation was asked for.
type InstalledState struct {
	Name     string // of the operator document, "" for none
	Revision string
	Document Values // kind IstioOperator, as Resolve takes it
	// Charts is the location of the charts if they were not the embedded ones.
	Charts string
	// Derived names the object from which the document was put together, "" if it
	// is a record.
	Derived string
}

// ReadInstalledState reads the record of a revision. If several operator
// documents share the revision, name says which one is meant.
func ReadInstalledState(ctx context.Context, cluster Lister, revision, name string) (*InstalledState, error) {
	states, err := installedStates(ctx, cluster)
	if err != nil {
		return nil, err
	}
	var known []string
	for _, s := range states {
		label := s.Revision
		if s.Name != "" {
			label += " (document " + s.Name + ")"
		}
		known = append(known, label)
	}
	states = slices.DeleteFunc(states, func(s *InstalledState) bool {
		return s.Revision != revision || name != "" && s.Name != name
	})
	switch {
	case len(known) == 0:
		return nil, nil
	case len(states) == 0:
		return nil, &InputError{Err: fmt.Errorf("no such installation (revision %s) is on record; on record are: %s", revision, orNone(known))}
	case len(states) > 1:
		return nil, &InputError{Err: fmt.Errorf("revision %s was installed by several operator documents: %s; say which by --name", revision, orNone(known))}
	}
	return states[0], nil
}

func installedStates(ctx context.Context, cluster Lister) ([]*InstalledState, error) {
	found, err := cluster.List(ctx, []schema.GroupKind{{Kind: "ConfigMap"}}, recordLabel)
	if err != nil {
		return nil, fmt.Errorf("reading what is installed: %w", err)
	}
	var states []*InstalledState
	for _, live := range found {
		o, err := liveObject(live)
		if err != nil {
			return nil, err
		}
		s := &InstalledState{Revision: revisionOf(live.Labels), Document: Values{}}
		text := lookupString(o.content, "data", recordKey)
		if err := yaml.Unmarshal([]byte(text), &s.Document); err != nil || lookupString(s.Document, "kind") != "IstioOperator" {
			return nil, fmt.Errorf("reading %s: %s is no IstioOperator document; it is written anew by the next installation", o.ID(), recordKey)
		}
		s.Name = lookupString(s.Document, "metadata", "name")
		s.Charts = lookupString(s.Document, "metadata", "annotations", chartsMarker)
		states = append(states, s)
	}
	slices.SortFunc(states, func(a, b *InstalledState) int { return strings.Compare(a.Revision+" "+a.Name, b.Revision+" "+b.Name) })
	return states, nil
}
