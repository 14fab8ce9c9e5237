package inject

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// libraryPart is what the YAML library makes of a text.
func libraryPart(text string) (podMap, error) {
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		return nil, err
	}
	var part podMap
	err = utiljson.Unmarshal(data, &part)
	return part, err
}

// partSeeds are texts that are near the limits of what readPart takes.
func partSeeds() []string {
	return []string{
		"a: b\n", "a:\n", "a: {}\nb: []\n", "a:\n- b\n- c: d\n  e: 1\n-\n  f: g\n- - x\n  - y\n",
		"a: |\n   {}\n\nb: |-\n  x\n   y\n\n  z\nc: 1\n", "a: |\n  x", "a: |+\n  x\n\nb: c\n", "a: >\n  x\n",
		"a: {\n b: \"c\",\n d: 'e',\n}\nf: g\n", "a: {b: {c: [1, x, \"y\"]}}\n", "a: [b, c] # d\n", "a: {b: c}d\n",
		"a: 'it''s'\n", `a: "x\ny"` + "\n", "a: b # c\n", "a: b#c\n", "a: 'b' # c\n", "a: 'b'#c\n",
		"a: yes\nb: no\n", "a: 010\nb: 0x1F\nc: 1e3\nd: 1_000\ne: 1:30\nf: .5\ng: -1\nh: 100m\ni: 2024-01-01\n",
		"a: b\n  c\n", "a: 'b\n  c'\n", "a: b: c\n", "a:b\n", "a: b:\n", "- a\n", "a: -p\nb: --x=y\nc: -\n",
		"---\na: b\n", "a: &x b\nc: *x\n", "a: !!str 1\n", "? a\n: b\n", "a: b\na: c\n", "<<: {a: b}\n", "a: ~\n",
		"a: $(POD).svc.x\nb: /stats\n", "a: \"b\": c\n", "\"a b\": c\n'd': e\n", "a: {b: c, d}\n", "a: {\"b\":c}\n",
		"a: |\n  x\n b: c\n", "a:\n    b: c\n  d: e\n", "a: [x\n- y]\n", "a: {x: y\nb: z}\n", "a: {b: c:d, e: 'f'}\n", "a #b: c\n",
		"a: [\n# comment\nb]\n", "a: x\n# comment\nb: y\n", "a: |\n  # no comment\n# comment\nb: y\n", "true: x\n", "1: x\n",
		"a: b \n", "a:  \n  b: c\n", "a: |  \n  b\n", "a: null\n", "a: - b\n", "- a: b\n  c: d\n", "a: [a: b]\n", "a: }\n", "a: '\n",
	}
}

// FuzzPart holds the quick reader against the library: what it takes, it must
// read in the same way.
func FuzzPart(f *testing.F) {
	for _, seed := range partSeeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := readPart(text)
		if !ok {
			return
		}
		want, err := libraryPart(text)
		if err != nil {
			t.Fatalf("%q: taken as %v, but the library says: %v", text, got, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q (-library +readPart):\n%s", text, diff)
		}
	})
}

// TestPartTakesTheTemplates keeps the templates of the charts on the quick way.
func TestPartTakesTheTemplates(t *testing.T) {
	injector := testInjector(t, Options{Explicit: true})
	w := mustWorkload(t, manyDeployments(1))
	for _, name := range []string{"sidecar", "gateway"} {
		pod := w.pod()
		settings := proxySettings{mesh: injector.options.Mesh, proxy: injector.options.Mesh.DefaultConfig}
		text, err := injector.execute(name, injector.templateData(pod, w.owner, settings))
		if err != nil {
			t.Fatal(err)
		}
		got, ok := readPart(text)
		if !ok {
			t.Errorf("template %s takes the slow way:\n%s", name, text)
		}
		want, err := libraryPart(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("template %s (-library +readPart):\n%s", name, diff)
		}
	}
}
