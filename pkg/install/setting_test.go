package install

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// specAfter gives spec after --set arguments on an empty document.
func specAfter(t *testing.T, settings ...Setting) (any, error) {
	t.Helper()
	s, err := readSources(Input{Settings: settings})
	if err != nil {
		return nil, err
	}
	tree, err := s.merge()
	return tree["spec"], err
}

func TestSettingsHaveTheTypesOfThePeer(t *testing.T) {
	for text, want := range map[string]any{
		"a=1":           int64(1),
		"a=1.5":         1.5,
		"a=true":        true,
		"a=T":           true,
		"a=null":        "null",
		"a={x,y}":       "{x,y}",
		"a=x=y":         "x=y",
		`a=x\,y`:        "x,y",
		"a=1,2":         "1,2",
		"a":             "",
		" a = b ":       "b",
		"a=NaN":         "NaN",
		"a=2s":          "2s",
		`a="quoted"`:    `"quoted"`,
		"tag=1.30":      "1.30",
		"a=0123456789a": "0123456789a",
	} {
		spec, err := specAfter(t, Setting{Text: text})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		for _, got := range spec.(map[string]any) {
			if got != want {
				t.Errorf("--set %s: got %#v, want %#v", text, got, want)
			}
		}
	}
}

func TestSetStringKeepsText(t *testing.T) {
	spec, err := specAfter(t, Setting{Text: "a=1", String: true})
	if err != nil || spec.(map[string]any)["a"] != "1" {
		t.Errorf("got %#v, %v", spec, err)
	}
}

func TestSettingPaths(t *testing.T) {
	tests := []struct {
		name string
		set  []string
		want any
	}{
		{"mappings are made", []string{"a.b.c=x"}, Values{"a": Values{"b": Values{"c": "x"}}}},
		{"an escaped dot belongs to the key", []string{`a.b\.c/d=x`}, Values{"a": Values{"b.c/d": "x"}}},
		{"an index beyond the end appends", []string{"a[7]=x", "a[-1]=y"}, Values{"a": []any{"x", "y"}}},
		{"the old way to write an index", []string{"a.[0].b=x"}, Values{"a": []any{Values{"b": "x"}}}},
		{"an element is found by a field", []string{"a[0].name=n", "a[name:n].b=1"}, Values{"a": []any{Values{"name": "n", "b": int64(1)}}}},
		{"dots in brackets separate nothing", []string{"a[0].name=x.y", "a[name:x.y].b=z"}, Values{"a": []any{Values{"name": "x.y", "b": "z"}}}},
		{"the last one wins", []string{"a=1", "a=2"}, Values{"a": int64(2)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var settings []Setting
			for _, text := range test.set {
				settings = append(settings, Setting{Text: text})
			}
			got, err := specAfter(t, settings...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBadSettingPathsAreExplained(t *testing.T) {
	for text, want := range map[string]string{
		"=x":                 "the path is empty",
		"[0]=x":              "a field name comes first",
		"a[x=y":              "is not an index",
		"a[]=x":              "neither an index",
		"a[name:missing]=x":  "no list element matches",
		"...=x":              "names no field",
		"hub=a|hub.b=c":      "not a mapping",
		"hub=a|hub[0].b=c":   "not a list",
		"a[0]=x|a[0].b.c=y":  "not a mapping",
		"a.b=1|a[name:x]=2":  "not a list",
		"tag[0]=1|tag.x.y=2": "not a mapping",
	} {
		var settings []Setting
		for part := range strings.SplitSeq(text, "|") {
			settings = append(settings, Setting{Text: part})
		}
		_, err := specAfter(t, settings...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", text, err, want)
		}
	}
}

func FuzzSettingPath(f *testing.F) {
	for _, seed := range []string{"a.b=c", `a\.b[0].c=1`, "a[name:x].y=", "=", "[", "a[-1]=x", "..a..", `\`, "a[[0]]=x", "/../a=b"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		s, err := readSources(Input{Settings: []Setting{{Text: first}, {Text: second}}})
		if err != nil {
			return
		}
		tree, err := s.merge()
		if err != nil {
			return
		}
		validate(tree, tree, Charts{}) // any outcome, but no panic
	})
}
