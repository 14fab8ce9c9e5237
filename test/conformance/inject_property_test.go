package conformance

import (
	"bytes"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/inject"
)

// TestInjectTwice holds for every input of the corpus that injecting it again
// gives the same bytes, and that injecting the result changes none of them.
func TestInjectTwice(t *testing.T) {
	for _, dir := range cases(t, filepath.Join(corpus(t), "inject")) {
		meta := struct {
			Env map[string]string `json:"env"`
		}{}
		readJSON(t, filepath.Join(dir, "meta.json"), &meta)
		injector, err := caseInjector(dir, meta.Env)
		if err != nil {
			continue
		}
		once := injector.Stream("input.yaml", []byte(readText(t, filepath.Join(dir, "input.yaml"))))
		if other, err := caseInjector(dir, meta.Env); err != nil {
			t.Error(err)
		} else if again := other.Stream("input.yaml", []byte(readText(t, filepath.Join(dir, "input.yaml")))); !bytes.Equal(once.YAML, again.YAML) {
			t.Errorf("%s: two runs differ (-first +second):\n%s", filepath.Base(dir), cmp.Diff(string(once.YAML), string(again.YAML)))
		}
		twice := injector.Stream("input.yaml", once.YAML)
		if !bytes.Equal(once.YAML, twice.YAML) {
			t.Errorf("%s: the second injection changes the first (-first +second):\n%s", filepath.Base(dir), cmp.Diff(string(once.YAML), string(twice.YAML)))
		}
		for _, r := range twice.Reports {
			if r.Changed {
				t.Errorf("%s: reported as changed: %s", filepath.Base(dir), r)
			}
		}
	}
}

// TestInjectCopiesWhatItLeavesAlone holds that the documents of the corpus which
// are not injected are in the output byte for byte, in their order.
func TestInjectCopiesWhatItLeavesAlone(t *testing.T) {
	copied := 0
	for _, dir := range cases(t, filepath.Join(corpus(t), "inject")) {
		meta := struct {
			Env map[string]string `json:"env"`
		}{}
		readJSON(t, filepath.Join(dir, "meta.json"), &meta)
		injector, err := caseInjector(dir, meta.Env)
		if err != nil {
			continue
		}
		input := []byte(readText(t, filepath.Join(dir, "input.yaml")))
		rest := injector.Stream("input.yaml", input).YAML
		for _, d := range resource.SplitDocuments(input) {
			alone := injector.Stream("input.yaml", d.Body)
			if slices.ContainsFunc(alone.Reports, func(r inject.Report) bool { return r.Changed || r.Err != nil }) {
				continue
			}
			copied++
			_, after, found := bytes.Cut(rest, d.Body)
			if !found {
				t.Errorf("%s:%d: changed or out of order:\n%s", filepath.Base(dir), d.Line, d.Body)
				break
			}
			rest = after
		}
	}
	if copied == 0 {
		t.Error("no document was left alone")
	}
	t.Logf("inject: %d documents copied", copied)
}

// TestUninjectGivesTheInputBack holds that uninject undoes inject for every
// input of the corpus that had no proxy: the same documents once parsed, but
// for zero values that Go types always write.
func TestUninjectGivesTheInputBack(t *testing.T) {
	equal, total := 0, 0
	for _, dir := range cases(t, filepath.Join(corpus(t), "inject")) {
		meta := struct {
			Env map[string]string `json:"env"`
		}{}
		readJSON(t, filepath.Join(dir, "meta.json"), &meta)
		injector, err := caseInjector(dir, meta.Env)
		if err != nil {
			continue
		}
		input := []byte(readText(t, filepath.Join(dir, "input.yaml")))
		if bytes.Contains(input, []byte("sidecar.istio.io/status")) {
			continue
		}
		injected := injector.Stream("input.yaml", input)
		if len(injected.Failures()) > 0 {
			continue
		}
		total++
		restored := inject.Uninject("input.yaml", injected.YAML)
		for _, f := range restored.Failures() {
			t.Errorf("%s: %s", filepath.Base(dir), f)
		}
		want, got := documents(t, input), documents(t, restored.YAML)
		if cmp.Equal(want, got) {
			equal++
			continue
		}
		for i := range want {
			want[i] = withoutEmpty(want[i])
		}
		for i := range got {
			got[i] = withoutEmpty(got[i])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-input +restored):\n%s", filepath.Base(dir), diff)
		}
	}
	t.Logf("uninject: %d of %d inputs came back the same even in zero values", equal, total)
}
