package analyze

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze/crd"
)

var update = flag.Bool("update", false, "write docs/analysis anew")

// codesOf analyzes objects as a whole mesh and returns the codes found.
func codesOf(t *testing.T, schemas *crd.Schemas, text string) []string {
	t.Helper()
	objects, problems := resource.Parse("test.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems[0])
	}
	PlaceInNamespace(objects, "default")
	var codes []string
	for _, f := range Run(NewMesh(resource.NewSet(objects...), Settings{Scope: Whole, Schemas: schemas}), All()) {
		codes = append(codes, f.Code)
		if f.Code == "IST0001" {
			t.Errorf("an analyzer failed: %s", f.Message)
		}
	}
	return codes
}

func TestEveryExampleGivesItsCodeUntilItIsRepaired(t *testing.T) {
	schemas := crd.Embedded()
	for _, code := range Codes() {
		e, ok := ExampleOf(code.ID)
		if !ok {
			continue
		}
		t.Run(code.ID, func(t *testing.T) {
			if e.Consequence == "" || e.Wrong == "" {
				t.Error("the example does not say what breaks, or has no objects")
			}
			if got := codesOf(t, schemas, e.Wrong); !slices.Contains(got, code.ID) {
				t.Errorf("the wrong objects give %v", got)
			}
			if got := codesOf(t, schemas, e.Right); slices.Contains(got, code.ID) {
				t.Errorf("the right objects give %v", got)
			}
		})
	}
}

// withoutExample are codes that take more than objects in files, or that are
// only given by other commands.
func withoutExample(code string) bool {
	return slices.Contains([]string{
		"IST0001", "IST0126", "IST0136", "IST0141", "IST0142", "IST0143", "IST0156", "IST0168", "IST0169", "IST0170", "IST0172",
		"MSH0001", "MSH0005", "MSH0006",
	}, code)
}

func TestTheCatalogTheAnalyzersAndTheExamplesAgree(t *testing.T) {
	ids := []string{}
	for _, c := range Codes() {
		ids = append(ids, c.ID)
		if _, ok := ExampleOf(c.ID); ok == withoutExample(c.ID) {
			t.Errorf("%s: has an example: %v", c.ID, ok)
		}
		if c.Title == "" || c.Hint == "" || c.Name == "" {
			t.Errorf("%s is not described", c.ID)
		}
	}
	if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Error("the catalog is not sorted, or has a code twice")
	}
	given := map[string]bool{}
	names := map[string]bool{}
	for _, a := range All() {
		if a.Doc == "" || a.Run == nil || len(a.Codes) == 0 || names[a.Name] {
			t.Errorf("analyzer %s is not complete, or there are two", a.Name)
		}
		names[a.Name] = true
		for _, code := range a.Codes {
			given[code] = true
			if !slices.Contains(ids, code) {
				t.Errorf("analyzer %s gives %s, which the catalog does not have", a.Name, code)
			}
		}
	}
	for _, id := range ids {
		if !given[id] && !withoutExample(id) {
			t.Errorf("no analyzer gives %s", id)
		}
	}
	files, err := fs.Glob(examples, "codes/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if _, known := Lookup(strings.TrimSuffix(filepath.Base(file), ".txtar")); !known {
			t.Errorf("%s belongs to no code", file)
		}
	}
}

func TestAnalyzersGiveOnlyTheCodesThatTheyName(t *testing.T) {
	schemas := crd.Embedded()
	for _, code := range Codes() {
		e, _ := ExampleOf(code.ID)
		objects, _ := resource.Parse("test.yaml", []byte(e.Wrong))
		PlaceInNamespace(objects, "default")
		m := NewMesh(resource.NewSet(objects...), Settings{Scope: Whole, Schemas: schemas})
		for _, a := range All() {
			for _, f := range a.Run(m) {
				if !slices.Contains(a.Codes, f.Code) {
					t.Errorf("%s gives %s", a.Name, f.Code)
				}
			}
		}
	}
}

// TestDocs compares docs/analysis with the catalog and the examples; -update
// rewrites the pages.
func TestDocs(t *testing.T) {
	dir := filepath.Join("..", "..", "docs", "analysis")
	for _, c := range Codes() {
		name := filepath.Join(dir, c.ID+".md")
		want := Explain(c)
		if *update {
			if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s is not what the catalog says now; run `go test ./pkg/analyze -run TestDocs -update`", name)
		}
	}
}
