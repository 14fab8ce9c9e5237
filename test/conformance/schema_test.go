package conformance

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze/crd"
)

// TestSchema runs the peer's fixtures for its CRDs. An invalid document says
// in its field _err what an API server answers.
func TestSchema(t *testing.T) {
	schemas := crd.Embedded()
	for _, dir := range cases(t, filepath.Join(corpus(t), "analyze")) {
		name := filepath.Base(dir)
		if !strings.HasPrefix(name, "crdtest-") {
			continue
		}
		objects, problems, err := resource.Load([]string{filepath.Join(dir, "input")}, nil)
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		for _, o := range objects {
			t.Run(name+"/"+o.Name, func(t *testing.T) {
				object, err := o.Map()
				if err != nil {
					t.Fatal(err)
				}
				want, _ := object["_err"].(string)
				if got := violations(t, schemas, o); (len(got) > 0) != (want != "") {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	}
}

// violations are the schema's issues but for the field that tells the outcome.
func violations(t *testing.T, schemas *crd.Schemas, o *resource.Object) []string {
	t.Helper()
	problems, err := schemas.Check(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, p := range problems {
		if field := p.Field.String(); field != "_err" {
			texts = append(texts, field+" "+p.Message)
		}
	}
	return texts
}
