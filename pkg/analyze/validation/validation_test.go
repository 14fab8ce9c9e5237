package validation

import (
	"fmt"
	"testing"

	"github.com/meshctl/meshctl/internal/resource"
)

// parseOne reads the one object of a text.
func parseOne(t testing.TB, text string) *resource.Object {
	t.Helper()
	objects, problems := resource.Parse("f.yaml", []byte(text))
	if len(problems) > 0 || len(objects) != 1 {
		t.Fatalf("reading %s: %d objects, %v", text, len(objects), problems)
	}
	return objects[0]
}

// described lists issues as "line:column code path: message".
func described(o *resource.Object, check func(*resource.Object) []Issue) []string {
	var all []string
	for _, issue := range check(o) {
		at := o.FieldOrigin(issue.Path)
		all = append(all, fmt.Sprintf("%d:%d %s %s: %s", at.Line, at.Column, issue.Code, issue.Path, issue.Message))
	}
	return all
}
