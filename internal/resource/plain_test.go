package resource

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

const plainManifest = `# a comment
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: catalog
  labels:
    app.kubernetes.io/name: "catalog"
    on: 'off'
spec:
  hosts: [catalog, "*.example.com", 10s]
  empty: {}
  none: []
  http:
  - name: first
    timeout: 5s
    match:
      - uri:
          prefix: /api/v1
        port: 8080
    # another comment
    route:
    - destination:
        host: catalog
      weight: 90
  - route: []
    enabled: true
    yes: no
    nothing: null
  list:
  - a
  - "b"
  - 12
`

// libraryNode is the tree that the YAML library gives.
func libraryNode(text []byte) *yaml.Node {
	var n yaml.Node
	if yaml.Unmarshal(text, &n) != nil || len(n.Content) != 1 {
		return nil
	}
	return n.Content[0]
}

// bare takes off what this package does not look at.
func bare(n *yaml.Node) *yaml.Node {
	if n == nil {
		return nil
	}
	b := &yaml.Node{Kind: n.Kind, Tag: n.Tag, Value: n.Value, Style: n.Style, Line: n.Line, Column: n.Column}
	for _, c := range n.Content {
		b.Content = append(b.Content, bare(c))
	}
	return b
}

func TestPlainManifestsGiveTheLibrarysTree(t *testing.T) {
	got := plainNode(plainManifest)
	if got == nil {
		t.Fatal("the manifest is not taken for plain")
	}
	if diff := cmp.Diff(bare(libraryNode([]byte(plainManifest))), bare(got)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNotPlainIsLeftToTheLibrary(t *testing.T) {
	for _, text := range []string{
		"a: |\n  x\n", "a: &b c\n", "a: *b\n", "a: {b: c}\n", "a: b\n  c\n", "a: \"x\\n\"\n", "a: 'it''s'\n", "a: !!str 1\n",
		"a: 1.5\n", "a: 0x1f\n", "a: 010\n", "a: 2001-01-01\n", "a: ~\n", "a:\n", "a: b # c\n", "- - a\n", "\ta: b\n", "a: b\r\n", "a: ü\n",
		"? a\n: b\n", "\"a\": b\n", "a: b: c\n", "a: [b, {c: d}]\n", "a: [b: c]\n", "%YAML 1.1\n", "a: b\n...\n", " a: b\n", "a: -1\n", "a: .inf\n", "",
	} {
		if plainNode(text) != nil {
			t.Errorf("%q is taken for plain", text)
		}
	}
}

// FuzzPlain proves that a tree, where there is one, is the library's.
func FuzzPlain(f *testing.F) {
	f.Add([]byte(plainManifest))
	for _, seed := range []string{"a: b\nb:\n- c: d\n  e: f\n-  g\n", "a:\n  b: c\n d: e\n", "- a: b\n  c:\n  - d\n", "a: [x,y , z]\nb: \"\"\n", "a: b\n\n# c\n\nd: e f\n", "a: b\na: c\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := plainNode(string(text))
		if got == nil {
			return
		}
		if diff := cmp.Diff(bare(libraryNode(text)), bare(got)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	})
}
