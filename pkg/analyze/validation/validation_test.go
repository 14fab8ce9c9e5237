package validation

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/meshctl/meshctl/internal/resource"
)

var update = flag.Bool("update", false, "write what was found into testdata")

// TestValidate compares, for each fixture, every issue with its place in the
// text: "object line:column code path: message".
func TestValidate(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := described(t, archive.Files[0].Data)
			if *update {
				archive.Files[1].Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(archive.Files[1].Data), got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func described(t *testing.T, text []byte) string {
	t.Helper()
	objects, problems := resource.Parse("input.yaml", text)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var b strings.Builder
	for _, o := range objects {
		for _, issue := range Validate(o) {
			at := o.FieldOrigin(issue.Path)
			fmt.Fprintf(&b, "%s %d:%d %s %s: %s\n", o.Name, at.Line, at.Column, issue.Code, issue.Path, issue.Message)
		}
	}
	return b.String()
}

// FuzzValidate checks that no object makes the rules panic, and that each
// path they name leads somewhere in the text.
func FuzzValidate(f *testing.F) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, doc := range resource.SplitDocuments(archive.Files[0].Data) {
			f.Add(doc.Body)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		objects, _ := resource.Parse("input.yaml", text)
		for _, o := range objects {
			for _, issue := range Validate(o) {
				if at := o.FieldOrigin(issue.Path); at.Line == 0 || issue.Message == "" {
					t.Errorf("%s: issue %+v at %v", o.Key, issue, at)
				}
			}
		}
	})
}
