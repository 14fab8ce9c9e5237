package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/pkg/inject"
)

// In a pipe each remark is a line that can be searched for; in a terminal none
// is longer than it is wide.
func TestReportsFitATerminal(t *testing.T) {
	remarks := []inject.Remark{
		{File: "samples/shop/frontend.yaml", Line: 9, Text: "Deployment shop/frontend injected with sidecar, revision default"},
		{File: "samples/shop/frontend.yaml", Line: 123, Text: "warning: Deployment shop/frontend: unknown field \"spec.template.spec.containers[0].imagePulPolicy\" is left as it is"},
		{File: "samples/shop/frontend.yaml", Text: "nobody knows where this is"},
		{File: "stdin", Line: 1, Text: "Pod a skipped: why"},
	}
	for columns, want := range map[int]string{
		0: `samples/shop/frontend.yaml:9: Deployment shop/frontend injected with sidecar, revision default
samples/shop/frontend.yaml:123: warning: Deployment shop/frontend: unknown field "spec.template.spec.containers[0].imagePulPolicy" is left as it is
samples/shop/frontend.yaml: nobody knows where this is
stdin:1: Pod a skipped: why
`,
		80: `samples/shop/frontend.yaml
    9: Deployment shop/frontend injected with sidecar, revision default
  123: warning: Deployment shop/frontend: unknown field
       "spec.template.spec.containers[0].imagePulPolicy" is left as it is
       nobody knows where this is
stdin
    1: Pod a skipped: why
`,
		30: `samples/shop/frontend.yaml
    9: Deployment
       shop/frontend injected
       with sidecar, revision
       default
  123: warning: Deployment
       shop/frontend: unknown
       field
       "spec.template.spec.containers[0].imagePulPolicy"
       is left as it is
       nobody knows where this
       is
stdin
    1: Pod a skipped: why
`,
	} {
		if diff := cmp.Diff(want, layOut(remarks, columns)); diff != "" {
			t.Errorf("%d columns (-want +got):\n%s", columns, diff)
		}
	}
}
