package resource

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"weak"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

func TestParseReadsWhatOperatorsWrite(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string // key@line of each object
		problems []string
	}{
		{"nothing", "", nil, nil},
		{"only comments and markers", "# a\n---\n# b\n---\n", nil, nil},
		{"two documents", "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: ns}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: b}\n",
			[]string{"Service ns/a@1", "Service b@5"}, nil},
		{"CRLF and a byte order mark", "\ufeff---\r\napiVersion: v1\r\nkind: Pod\r\nmetadata:\r\n  name: a\r\n", []string{"Pod a@2"}, nil},
		{"content on the marker's line", "--- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n", []string{"Pod a@1"}, nil},
		{"JSON indented by tabs", "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"metadata\": {\"name\": \"a\"}\n}", []string{"Pod a@1"}, nil},
		{"a list", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: b}\n",
			[]string{"Pod a@4", "Pod b@7"}, nil},
		{"a list as the API server gives it", "apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: a}\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: b}\n- {}\n",
			[]string{"Deployment a@4", "Deployment b@5", "Deployment @8"}, nil},
		{"an item of a plain List has to name its kind", "apiVersion: v1\nkind: List\nitems:\n- metadata: {name: a}\n", nil, []string{"f.yaml:4: expected an object with apiVersion and kind"}},
		{"half a kind in an item", "apiVersion: v1\nkind: PodList\nitems:\n- kind: Pod\n  metadata: {name: a}\n", nil, []string{"f.yaml:4: expected an object with apiVersion and kind"}},
		{"a marker inside a block scalar still cuts", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nx: |\n  ---\n  y\n", []string{"Pod a@1"}, nil},
		{"a broken document between good ones", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\na: [\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\n",
			[]string{"Pod a@1", "Pod b@7"}, []string{"f.yaml:5: not valid YAML"}},
		{"a scalar", "hello\n", nil, []string{`f.yaml:1: expected an object with apiVersion and kind, found the text "hello"`}},
		{"no kind", "a: b\n", nil, []string{"f.yaml:1: expected an object with apiVersion and kind"}},
		{"a number for a label", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n    v: 1\n", nil,
			[]string{"f.yaml:6: v: expected a string, found the number 1 (quote it to make it a string)"}},
		{"binary", "PK\x03\x04\x00", nil, []string{"f.yaml:1: binary data"}},
		{"a tab for indentation", "apiVersion: v1\nkind: Pod\nmetadata:\n\tname: a\n", nil, []string{"f.yaml:4: not valid YAML"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			objects, problems := Parse("f.yaml", []byte(tt.in))
			var got []string
			for _, o := range objects {
				got = append(got, fmt.Sprintf("%s@%d", o.Key, o.Origin.Line))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			if len(problems) != len(tt.problems) {
				t.Fatalf("problems: got %v, want %v", problems, tt.problems)
			}
			for i, p := range problems {
				if !strings.HasPrefix(p.Error(), tt.problems[i]) {
					t.Errorf("problem: got %q, want it to start with %q", p, tt.problems[i])
				}
			}
		})
	}
}

func TestAnItemWithoutAKindGetsThatOfItsList(t *testing.T) {
	objects, problems := Parse("f", []byte("apiVersion: apps/v1\nkind: DeploymentList\nitems:\n- metadata: {name: a}\n- {}\n"))
	if len(objects) != 2 || len(problems) > 0 {
		t.Fatalf("got %d objects and the problems %v, want two and none", len(objects), problems)
	}
	for i, want := range []string{
		`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"}}`,
		`{"apiVersion":"apps/v1","kind":"Deployment"}`,
	} {
		if got := string(objects[i].JSON); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestAKeyGivenTwiceIsAProblemAtItsLine(t *testing.T) {
	objects, problems := Parse("f", []byte("apiVersion: v1\nkind: X\nspec:\n  a: 1\n  b: 2\n  a: 3\n"))
	if len(objects) != 1 || len(problems) != 1 {
		t.Fatalf("got %d objects and the problems %v, want one of each", len(objects), problems)
	}
	if got, want := problems[0].Error(), `f:6: key "a" is given twice in one mapping: only the last value counts`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestJSONResolvesScalarsAsTheAPIServerDoes(t *testing.T) {
	const head = "apiVersion: v1\nkind: X\nspec: "
	tests := map[string]string{
		"{a: yes, b: 'yes', c: off, d: y}":                  `{"a":true,"b":"yes","c":false,"d":true}`,
		"{a: 1, b: 1.5, c: 0x10, d: 1_000}":                 `{"a":1,"b":1.5,"c":16,"d":1000}`,
		"{a: 2024-01-01, b: ~, c: null, d: }":               `{"a":"2024-01-01","b":null,"c":null,"d":null}`,
		"{a: 1, a: 2, b: 3}":                                `{"a":2,"b":3}`,
		"{base: &b {x: 1, y: 2}, c: {<<: *b, y: 3}, d: *b}": `{"base":{"x":1,"y":2},"c":{"y":3,"x":1},"d":{"x":1,"y":2}}`,
		`{a: "é\n<&>"}`:                                     `{"a":"é\n\u003c\u0026\u003e"}`,
		"{1: a, true: b}":                                   `{"1":"a","true":"b"}`,
	}
	for in, want := range tests {
		objects, problems := Parse("f", []byte(head+in))
		if len(problems) > 0 && !problems[0].Repeated {
			t.Errorf("%s: %v", in, problems)
			continue
		}
		var got struct{ Spec json.RawMessage }
		if err := json.Unmarshal(objects[0].JSON, &got); err != nil {
			t.Fatal(err)
		}
		if string(got.Spec) != want {
			t.Errorf("%s:\n got %s\nwant %s", in, got.Spec, want)
		}
	}
}

func TestHostileInputEndsInAProblem(t *testing.T) {
	bomb := "apiVersion: v1\nkind: X\na0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 12; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 9), ","))
	}
	for name, in := range map[string]string{
		"alias bomb":      bomb,
		"alias of itself": "apiVersion: v1\nkind: X\na: &a [*a]\n",
		"deep nesting":    "apiVersion: v1\nkind: X\na: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"not a number":    "apiVersion: v1\nkind: X\na: .nan\n",
		"object as key":   "apiVersion: v1\nkind: X\n? {a: b}\n: c\n",
	} {
		objects, problems := Parse("f", []byte(in))
		if len(objects) != 0 || len(problems) != 1 {
			t.Errorf("%s: got %d objects and %v, want one problem", name, len(objects), problems)
		}
	}
}

func TestFieldOrigin(t *testing.T) {
	in := "# top\n---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n  spec:\n    ports:\n    - port: 1\n    - port: 2\n      name: x\n"
	objects, _ := Parse("f", []byte(in))
	tests := []struct {
		path         FieldPath
		text         string
		line, column int
	}{
		{FieldPath{"spec", "ports", "1", "name"}, "spec.ports[1].name", 13, 13},
		{FieldPath{"spec", "ports"}, "spec.ports", 10, 5},
		{FieldPath{"spec", "ports", "1", "absent"}, "spec.ports[1].absent", 12, 7},
		{FieldPath{"metadata", "annotations", "a.b/c"}, `metadata.annotations["a.b/c"]`, 8, 3},
	}
	for _, tt := range tests {
		if got := tt.path.String(); got != tt.text {
			t.Errorf("path: got %s, want %s", got, tt.text)
		}
		got := objects[0].FieldOrigin(tt.path)
		if got.Line != tt.line || got.Column != tt.column {
			t.Errorf("%s: got %d:%d, want %d:%d", tt.text, got.Line, got.Column, tt.line, tt.column)
		}
	}
}

// FuzzParse checks that no input makes the reader panic, that documents put
// together again are the input, and that what is read is valid JSON.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n--- # c\n...\n",
		"a: &a [*a]\n", "--- |\n x\n---\n<<: {a: b}\n", "{\"a\":\t1}", "? [a]\n: b\n", "kind: List\napiVersion: v1\nitems: [1, {}]\n",
		"kind: List\nitems:\n# a\n- a: |\n    b\n\n# c\n- {d: [1,\n  2]}\n...\n", "items:\n- a\n-   - b\n- \n", "\ufeffitems:\n- {}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var joined []byte
		for _, d := range SplitDocuments(in) {
			joined = append(append(joined, d.Separator...), d.Body...)
			if list := d.List(); list != nil {
				at := list.Start
				for _, item := range list.Items {
					if item.From < at || item.To <= item.From || item.To > len(d.Body) {
						t.Fatalf("items %v of %q", list.Items, d.Body)
					}
					at = item.To
				}
			}
		}
		if !bytes.Equal(joined, in) {
			t.Fatalf("documents put together are %q, not the input", joined)
		}
		objects, _ := Parse("f", in)
		for _, o := range objects {
			if !json.Valid(o.JSON) {
				t.Fatalf("invalid JSON %s", o.JSON)
			}
			o.FieldOrigin(FieldPath{"metadata", "name"})
		}
	})
}

func BenchmarkParse(b *testing.B) {
	var in bytes.Buffer
	for i := range 10_000 {
		fmt.Fprintf(&in, "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: vs-%d\n  namespace: ns-%d\nspec:\n  hosts: [svc-%d]\n  http:\n  - route:\n    - destination:\n        host: svc-%d\n        subset: v1\n      weight: 100\n---\n", i, i%50, i, i)
	}
	b.SetBytes(int64(in.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if objects, problems := Parse("f", in.Bytes()); len(objects) != 10_000 || problems != nil {
			b.Fatal(len(objects), problems)
		}
	}
}

// What `kubectl get -A -o yaml` writes is one List, with a finding in every
// other item: reading it anew for each would take hours.
func TestPlacesInALargeListAreFoundInOneReading(t *testing.T) {
	var list strings.Builder
	list.WriteString("apiVersion: v1\nkind: List\nitems:\n")
	const items = 500
	for i := range items {
		fmt.Fprintf(&list, "- apiVersion: v1\n  kind: Service\n  metadata:\n    name: s-%d\n  spec:\n    clusterIP: None\n", i)
	}
	objects, problems := Parse("list.yaml", []byte(list.String()))
	if len(objects) != items || len(problems) > 0 {
		t.Fatalf("%d objects, %v", len(objects), problems)
	}
	for i, o := range objects {
		if got, want := o.FieldOrigin(FieldPath{"spec", "clusterIP"}), (Origin{"list.yaml", 9 + 6*i, 16}); got != want {
			t.Fatalf("item %d: %v, want %v", i, got, want)
		}
	}
	one := testing.AllocsPerRun(1, func() { objects[0].source.list.tree.root = weak.Pointer[yaml.Node]{}; objects[0].FieldOrigin(nil) })
	all := testing.AllocsPerRun(1, func() {
		for _, o := range objects {
			o.FieldOrigin(FieldPath{"spec", "clusterIP"})
		}
	})
	if most := 10*one + 10*items; all > most {
		t.Errorf("%v allocations for one place, %v for %d", one, all, items)
	}
}
