package printer

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// pieces gives a document in pieces: objects as Object, lists as List, what is in lists as
// Lazy.
func pieces(t *testing.T, text string) any {
	t.Helper()
	var list []json.RawMessage
	if json.Unmarshal([]byte(text), &list) == nil && list != nil {
		out := List{}
		for i, element := range list {
			if i%2 == 0 {
				out = append(out, Lazy(func() any { return element }))
			} else {
				out = append(out, pieces(t, string(element)))
			}
		}
		return out
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &object) == nil && object != nil {
		out := Object{}
		for _, name := range slices.Sorted(maps.Keys(object)) { // as encoding/json does
			out = append(out, Member{name, pieces(t, string(object[name]))})
		}
		return out
	}
	return json.RawMessage(text)
}

func TestLargeDocumentsAreWrittenLikeOthers(t *testing.T) {
	for _, text := range []string{
		`[]`, `{}`, `[[],{}]`, `{"a":[]}`, `{"a":{"b":[[1,[2]],{"c":null}]}}`,
		`[1,2,3,{"a":1},{"b":"a<&>"},[[["x"]]]]`,
		`[` + strings.Repeat(`{"a":[1,2,{}],"b":{"c":"ü"}},`, 500) + `1]`,
	} {
		var want, got bytes.Buffer
		if err := PrintJSON(&want, json.RawMessage(text)); err != nil {
			t.Fatal(err)
		}
		data := pieces(t, text)
		if err := PrintJSON(&got, data); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			t.Errorf("%.60s: %s", text, diff)
		}
		want.Reset()
		got.Reset()
		if err := errors.Join(PrintYAML(&want, json.RawMessage(text)), PrintYAML(&got, data)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			t.Errorf("%.60s as YAML: %s", text, diff)
		}
	}
	for name, data := range map[string]any{
		"what is no JSON":  List{json.RawMessage("{")},
		"what has no JSON": Object{{"a", Lazy(func() any { return make(chan int) })}},
	} {
		if PrintJSON(&bytes.Buffer{}, data) == nil || PrintYAML(&bytes.Buffer{}, data) == nil {
			t.Errorf("%s is printed", name)
		}
	}
}

// Whatever is in JSON, its YAML says the same.
func FuzzYAML(f *testing.F) {
	for _, text := range []string{
		`{"@type":"type.googleapis.com/envoy.config.cluster.v3.Cluster","name":"outbound|80||a.b","t":"10s","ip":"10.0.0.1","cidr":"10.0.0.0/8"}`,
		`["true","No","null","~","","1","1e3","0x1","1:20","0o7",".5","-1","+1","=","<<","2026-11-21","1_000",".inf",".NaN","y"]`,
		`["a: b","a #b","#a","- a","?","a:","[a]","{a}","*a","&a","!a","%a","@a","` + "`a" + `","'a'","\"a\"","a,b"," a","a ","é","\u0007","\u2028","\ufeff","😀"]`,
		`["a\nb","a\nb\n","a\n\nb\n\n","\na"," a\nb","a\n b\n","a\tb\nc","a \nb","\n","a\r\nb"]`,
		`{"a\nb":{"- c":[{"x":[]},[],[[1],{"y":"z\n"}]]},"":null,"n":-1.5e-7,"big":123456789012345678901234567890}`,
		`"a\nb"`, `7`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want, got any
		if !json.Valid(text) || json.Unmarshal(text, &want) != nil {
			return
		}
		text, _ = json.Marshal(want) // no names twice, no bad UTF-8
		var out bytes.Buffer
		if err := yamlOf(&out, bytes.NewReader(text), place{}); err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatalf("%v in\n%s", err, out.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", out.String(), diff)
		}
	})
}
