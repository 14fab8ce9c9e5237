package install

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What only looks like a conflict is counted, not listed.
func TestConflictsThatChangeNothingAreCounted(t *testing.T) {
	scaled := []Conflict{{Object: "Deployment a/b", Manager: "istio-operator", Field: "spec.replicas"}}
	markSame(scaled, []FieldChange{{Path: "spec.replicas", From: 1, To: 2}})
	marked := []Conflict{
		{Object: "Deployment a/c", Manager: "istio-operator", Field: "spec.template.spec.containers[name=\"x\"].resources.limits.cpu"},
		{Object: "Deployment a/c", Manager: "helm", Field: "spec.template.spec.volumes"},
	}
	markSame(marked, []FieldChange{{Path: `metadata.labels.istio\.io/rev`, To: "default"}})
	got := (&ConflictError{append(scaled, marked...)}).Error()
	want := `3 fields are held by other managers, 2 of them with the value that they would get:
  helm
    nothing that would change
  istio-operator
    Deployment a/b: spec.replicas`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
