package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/printer"
	"github.com/meshctl/meshctl/pkg/install"
)

// Taking a mesh over marks all of its objects; that must not bury the few that
// change. The wide form lists them all.
func TestChangesThatOnlyMarkAreCounted(t *testing.T) {
	mark := install.FieldChange{Path: `metadata.labels.operator\.istio\.io/managed`, To: "Reconcile"}
	changes := []install.ObjectChange{
		{Action: install.Change, Kind: "ClusterRole", Name: "a", Fields: []install.FieldChange{mark}},
		{Action: install.Change, Kind: "Deployment", Namespace: "istio-system", Name: "istiod", Fields: []install.FieldChange{
			mark, {Path: "spec.replicas", From: 1, To: 2},
		}},
		{Action: install.Create, Kind: "ConfigMap", Namespace: "istio-system", Name: "state"},
	}
	for format, want := range map[printer.Format]string{
		printer.Table: `~ change Deployment istio-system/istiod
    spec.replicas: 1 → 2
    metadata.labels: 1 labels that mark it as part of the installation
+ create ConfigMap istio-system/state
~ 1 objects only get the labels that mark them as part of the installation (-o wide lists them)

1 to create, 2 to change, 0 to delete
`,
		printer.Wide: `~ change ClusterRole a
    metadata.labels: 1 labels that mark it as part of the installation
~ change Deployment istio-system/istiod
    spec.replicas: 1 → 2
    metadata.labels: 1 labels that mark it as part of the installation
+ create ConfigMap istio-system/state

1 to create, 2 to change, 0 to delete
`,
	} {
		e := testEnv(t, "")
		e.global.output = format
		var out bytes.Buffer
		if err := e.writeChanges(&out, changes); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("-o %s (-want +got):\n%s", format, diff)
		}
	}
}
