package conformance

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"

	"github.com/meshctl/meshctl/pkg/proxyconfig/diff"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// changesOf is the shape of changes.json: kind, operation, names.
type changesOf map[string]map[string][]string

// TestDumps compares dumps before and after a change with what really changed.
func TestDumps(t *testing.T) {
	root := filepath.Join(corpus(t), "dumps")
	passed, total := 0, 0
	for _, dir := range cases(t, root) {
		if _, err := os.Stat(filepath.Join(dir, "changes.json")); err != nil {
			continue
		}
		truth := map[string]changesOf{}
		readJSON(t, filepath.Join(dir, "changes.json"), &truth)
		for proxy, want := range truth {
			total++
			before := readDump(t, filepath.Join(dir, proxy, "config_dump.before.json.gz"))
			after := readDump(t, filepath.Join(dir, proxy, "config_dump.json.gz"))
			result, err := diff.Compare(before, after, diff.Options{})
			if err != nil {
				t.Errorf("%s/%s: %v", filepath.Base(dir), proxy, err)
				continue
			}
			if d := cmp.Diff(want, asChanges(result)); d != "" {
				t.Errorf("%s/%s: %s", filepath.Base(dir), proxy, d)
				continue
			}
			passed++
		}
	}
	t.Logf("dumps: %d of %d", passed, total)
}

// TestDiffHoldsItsPromisesOnTheCorpus compares each dump with itself, each pair in both
// directions, and applies the patch between them with a library that knows nothing of us.
func TestDiffHoldsItsPromisesOnTheCorpus(t *testing.T) {
	root := filepath.Join(corpus(t), "dumps")
	pairs := 0
	for _, dir := range cases(t, root) {
		befores, err := filepath.Glob(filepath.Join(dir, "*", "config_dump.before.json.gz"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range befores {
			after := filepath.Join(filepath.Dir(name), "config_dump.json.gz")
			left := readText(t, name)
			const longest = 4 << 20 // the library that applies patches is slow
			if len(left) > longest {
				continue
			}
			pairs++
			t.Run(filepath.Base(dir)+"/"+filepath.Base(filepath.Dir(name)), func(t *testing.T) {
				a, b := readDump(t, name), readDump(t, after)
				compare := func(a, b *dump.Dump) diff.Result {
					t.Helper()
					result, err := diff.Compare(a, b, diff.Options{})
					if err != nil {
						t.Fatal(err)
					}
					return result
				}
				if self := compare(a, readDump(t, name)); !self.Equal() {
					t.Errorf("a dump differs from itself: %+v", self.Resources)
				}
				byPath := cmpopts.SortSlices(func(x, y diff.Change) bool {
					return x.Path+string(x.Op)+string(x.After) < y.Path+string(y.Op)+string(y.After)
				})
				if d := cmp.Diff(compare(a, b).Resources, diff.Mirror(compare(b, a)).Resources, byPath); d != "" {
					t.Errorf("not mirror images: %s", d)
				}
				ops, err := diff.Patch(a, b, diff.Options{})
				if err != nil {
					t.Fatal(err)
				}
				text, err := json.Marshal(ops)
				if err != nil {
					t.Fatal(err)
				}
				patch, err := jsonpatch.DecodePatch(text)
				if err != nil {
					t.Fatal(err)
				}
				patched, err := patch.Apply([]byte(left))
				if err != nil {
					t.Fatal(err)
				}
				d, err := dump.Read(bytes.NewReader(patched), diff.Reads)
				if err != nil {
					t.Fatal(err)
				}
				if rest := compare(d, b); !rest.Equal() {
					t.Errorf("the patch leaves %+v", rest.Resources)
				}
			})
		}
	}
	if pairs < 5 {
		t.Errorf("only %d pairs", pairs)
	}
	t.Logf("%d pairs", pairs)
}

func readDump(t *testing.T, name string) *dump.Dump {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	d, err := dump.Read(bytes.NewReader(data), diff.Reads)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}

// TestIstiodAgainstProxy compares what istiod would send with what a proxy has. The
// sample of istiod was taken when a circuit breaker was in force, as in step 21.
func TestIstiodAgainstProxy(t *testing.T) {
	root := filepath.Join(corpus(t), "dumps")
	sent := readDump(t, filepath.Join(root, "istiod-samples", "config_dump.productpage.json"))
	for step, want := range map[string]changesOf{
		"21-stale-cds": {"listener": {"changed": {"virtualInbound"}}},
		"20-nack-lds":  {"cluster": {"changed": {"outbound|9080||details.bookinfo.svc.cluster.local"}}},
	} {
		has := readDump(t, filepath.Join(root, step, "productpage", "config_dump.json.gz"))
		result, err := diff.Compare(sent, has, diff.Options{Dynamic: true})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, asChanges(result)); d != "" {
			t.Errorf("%s: %s", step, d)
		}
	}
}

// asChanges brings a result into the shape of changes.json.
func asChanges(r diff.Result) changesOf {
	out := changesOf{}
	for _, res := range r.Resources {
		kind := res.Kind
		if kind == "endpoint" {
			kind = "endpoints"
		}
		if res.State != "" {
			kind = res.State + "_" + kind
		}
		if out[kind] == nil {
			out[kind] = map[string][]string{}
		}
		out[kind][string(res.Op)] = append(out[kind][string(res.Op)], res.Name)
	}
	for _, ops := range out {
		for _, names := range ops {
			slices.Sort(names)
		}
	}
	return out
}
