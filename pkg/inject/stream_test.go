package inject

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/internal/resource"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata")

// story is a file in testdata/streams: a comment that may name options, the
// input, and what is expected.
type story struct {
	name    string
	archive *txtar.Archive
	options Options
	input   []byte
}

func (s *story) file(name string) []byte {
	for _, f := range s.archive.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

func stories(t testing.TB) []*story {
	t.Helper()
	files, err := filepath.Glob("testdata/streams/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	var all []*story
	for _, name := range files {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s := &story{name: name, archive: archive}
		s.input = s.file("input.yaml")
		for line := range strings.Lines(string(archive.Comment)) {
			switch key, value, _ := strings.Cut(strings.TrimSpace(line), ": "); key {
			case "explicit":
				s.options.Explicit = value == "true"
			case "native":
				s.options.NativeSidecars = value == "true"
			case "revision":
				s.options.Revision = value
			case "values":
				text, err := os.ReadFile("testdata/default/values.json")
				if err != nil {
					t.Fatal(err)
				}
				s.options.Values = valuesWith(t, text, value)
			}
		}
		all = append(all, s)
	}
	return all
}

// valuesWith lays a YAML text over values.
func valuesWith(t testing.TB, base []byte, changes string) *Values {
	t.Helper()
	var values, more map[string]any
	if err := yaml.Unmarshal(base, &values); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte(changes), &more); err != nil {
		t.Fatal(err)
	}
	layOver(values, more)
	text, err := yaml.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := ParseValues(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func layOver(base, more map[string]any) {
	for key, value := range more {
		inner, ok := value.(map[string]any)
		if below, both := base[key].(map[string]any); ok && both {
			layOver(below, inner)
		} else {
			base[key] = value
		}
	}
}

// told is the report as the story has it.
func told(r Result) []byte {
	var b bytes.Buffer
	for _, report := range r.Reports {
		fmt.Fprintln(&b, report)
	}
	return b.Bytes()
}

// TestStories injects the inputs in testdata/streams and compares output and
// report as text.
func TestStories(t *testing.T) {
	for _, s := range stories(t) {
		t.Run(filepath.Base(s.name), func(t *testing.T) {
			result := testInjector(t, s.options).Stream("input.yaml", s.input)
			if *update {
				s.archive.Files = []txtar.File{
					{Name: "input.yaml", Data: s.input},
					{Name: "report", Data: told(result)},
					{Name: "output.yaml", Data: result.YAML},
				}
				if err := os.WriteFile(s.name, txtar.Format(s.archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(s.file("report")), string(told(result))); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(string(s.file("output.yaml")), string(result.YAML)); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

// TestInjectionIsStable holds that the same input always gives the same bytes
// and that a second injection changes nothing.
func TestInjectionIsStable(t *testing.T) {
	for _, s := range stories(t) {
		once := testInjector(t, s.options).Stream("input.yaml", s.input)
		again := testInjector(t, s.options).Stream("input.yaml", s.input)
		if !bytes.Equal(once.YAML, again.YAML) {
			t.Errorf("%s: two runs give different bytes", s.name)
		}
		twice := testInjector(t, s.options).Stream("input.yaml", once.YAML)
		if diff := cmp.Diff(string(once.YAML), string(twice.YAML)); diff != "" {
			t.Errorf("%s: the second injection changes the first:\n%s", s.name, diff)
		}
		for _, r := range twice.Reports {
			if r.Changed {
				t.Errorf("%s: reported as changed: %s", s.name, r)
			}
		}
	}
}

// TestUninjectUndoesInjection holds that uninject gives back the objects of
// the input. The stories write no zero values, so nothing is lost.
func TestUninjectUndoesInjection(t *testing.T) {
	for _, s := range stories(t) {
		injected := testInjector(t, s.options).Stream("input.yaml", s.input)
		if len(injected.Failures()) > 0 {
			continue
		}
		restored := Uninject("input.yaml", injected.YAML)
		want, _ := resource.Parse("", s.input)
		got, problems := resource.Parse("", restored.YAML)
		if len(want) != len(got) {
			t.Errorf("%s: %d objects, want %d (%v)", s.name, len(got), len(want), problems)
			continue
		}
		for i := range want {
			a, _ := want[i].Map()
			b, _ := got[i].Map()
			if diff := cmp.Diff(a, b); diff != "" {
				t.Errorf("%s: %s (-input +restored):\n%s", s.name, want[i].Key, diff)
			}
		}
	}
}
