package analyze

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze/crd"
)

// FuzzAnalyzers runs every analyzer on the examples of all codes, with fields
// removed, emptied, moved or given values of other types. The input is a
// program: its first bytes choose an example and a scope, each following
// three a change.
func FuzzAnalyzers(f *testing.F) {
	var texts []string
	for _, code := range Codes() {
		if e, ok := ExampleOf(code.ID); ok {
			texts = append(texts, e.Wrong, e.Right)
		}
	}
	for i := range texts {
		f.Add([]byte{byte(i), 2, 7, 0, 1})
		f.Add([]byte{byte(i), 3, 0, 40, 5, 0, 90, 9})
	}
	schemas := crd.Embedded()
	f.Fuzz(func(t *testing.T, program []byte) {
		if len(program) < 2 || len(program) > 26 {
			return
		}
		text := changed(t, texts[int(program[0])%len(texts)], program[2:])
		objects, _ := resource.Parse("mesh.yaml", text)
		PlaceInNamespace(objects, "default")
		set := resource.NewSet(objects...)
		findings := Run(NewMesh(set, Settings{Scope: Scope(program[1] % 4), Schemas: schemas}), All())
		for _, finding := range findings {
			if finding.Code == "IST0001" {
				t.Fatalf("%s\nin\n%s", finding.Message, text)
			}
			if o := finding.Object; o != nil && !slices.Contains(objects, o) && o.Kind != "MeshNetworks" {
				t.Fatalf("%s is about %s, which is not in the input", finding.Code, o.Key)
			}
			if finding.Object != nil && finding.Origin.Line == 0 && finding.Object.Kind != "MeshNetworks" {
				t.Fatalf("%s about %s has no place", finding.Code, finding.subject())
			}
		}
		if _, err := json.Marshal(Records(findings)); err != nil {
			t.Fatal(err)
		}
		edits, _ := Edits(findings, map[string][]byte{"mesh.yaml": text})
		repaired, _ := resource.Parse("mesh.yaml", ApplyEdits(text, edits))
		if len(repaired) != len(objects) {
			t.Fatalf("of %d objects %d can be read after the fixes\n%s\n%s", len(objects), len(repaired), text, Patch(edits, map[string][]byte{"mesh.yaml": text}))
		}
		for _, o := range objects {
			if istio.ClusterScoped(o.GroupKind) && o.Namespace != "" {
				t.Fatalf("%s has a namespace", o.Key)
			}
		}
	})
}

// changed applies changes to documents. Each is three bytes: two choose the
// place, the third what becomes of it.
func changed(t *testing.T, text string, changes []byte) []byte {
	var documents []any
	for _, doc := range resource.SplitDocuments([]byte(text)) {
		var value any
		if err := yaml.Unmarshal(doc.Body, &value); err != nil {
			t.Fatal(err)
		}
		documents = append(documents, value)
	}
	for len(changes) >= 3 {
		var slots []slot
		for _, d := range documents {
			slots = slotsIn(d, slots)
		}
		if len(slots) == 0 {
			break
		}
		slots[(int(changes[0])<<8+int(changes[1]))%len(slots)].change(changes[2], slots)
		changes = changes[3:]
	}
	var out strings.Builder
	encoder := yaml.NewEncoder(&out)
	for _, d := range documents {
		if err := encoder.Encode(d); err != nil {
			t.Fatal(err)
		}
	}
	return []byte(out.String())
}

// slot is a place that holds a value.
type slot struct {
	in   any // map[string]any or []any
	key  string
	item int
}

func slotsIn(value any, slots []slot) []slot {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			slots = slotsIn(value[key], append(slots, slot{in: value, key: key}))
		}
	case []any:
		for i := range value {
			slots = slotsIn(value[i], append(slots, slot{in: value, item: i}))
		}
	}
	return slots
}

func (s slot) get() any {
	if list, ok := s.in.([]any); ok {
		return list[s.item]
	}
	return s.in.(map[string]any)[s.key]
}

func (s slot) set(value any) {
	switch in := s.in.(type) {
	case []any:
		in[s.item] = value
	case map[string]any:
		in[s.key] = value
	}
}

func (s slot) change(how byte, others []slot) {
	values := []any{
		nil, "", []any{}, map[string]any{}, -1, 0, 1 << 40, 3.5, true, "*", "a/b/c", ".", "..", "[", "*.",
		strings.Repeat("x", 70000), []any{nil}, []any{"", nil, 1}, []any{map[string]any{}}, []any{[]any{}}, map[string]any{"": nil},
		"-1s", "0x10", "é\x00", "999999999999h", "%", "1.2.3.4/99", "*/*", "~/*", "./", "mesh",
	}
	switch n := int(how); {
	case n < len(values):
		s.set(copied(values[n]))
	case n < len(values)+20: // remove
		if in, ok := s.in.(map[string]any); ok {
			delete(in, s.key)
			return
		}
		s.set(nil)
	case n < len(values)+40: // take what stands elsewhere
		s.set(copied(others[n%len(others)].get()))
	case n < len(values)+60: // twice
		if list, ok := s.get().([]any); ok {
			s.set(append(slices.Clone(list), copied(list).([]any)...))
			return
		}
		s.set([]any{copied(s.get()), copied(s.get())})
	default: // another field gets it
		if in, ok := s.in.(map[string]any); ok {
			in[others[n%len(others)].key+"x"] = copied(s.get())
			return
		}
		s.set(map[string]any{"name": copied(s.get())})
	}
}

// copied is a copy of a value, so that no value comes to contain itself.
func copied(value any) any {
	switch value := value.(type) {
	case map[string]any:
		m := make(map[string]any, len(value))
		for k, v := range value {
			m[k] = copied(v)
		}
		return m
	case []any:
		list := make([]any, len(value))
		for i, v := range value {
			list[i] = copied(v)
		}
		return list
	}
	return value
}
