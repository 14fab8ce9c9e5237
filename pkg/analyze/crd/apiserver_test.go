package crd

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// apiServer is the judgement of the API server's own libraries.
type apiServer struct {
	structural *structural.Structural
	values     validation.SchemaValidator
	rules      *cel.Validator
}

func newAPIServer(t *testing.T, kind schema.GroupVersionKind) apiServer {
	t.Helper()
	doc, _ := Embedded().document(kind.GroupKind())
	objects, problems := resource.ParseDocument(file, doc)
	if len(problems) > 0 {
		t.Fatal(problems[0])
	}
	var definition apiextensionsv1.CustomResourceDefinition
	if err := json.Unmarshal(objects[0].JSON, &definition); err != nil {
		t.Fatal(err)
	}
	for _, version := range definition.Spec.Versions {
		if version.Name != kind.Version {
			continue
		}
		var internal apiextensions.JSONSchemaProps
		if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, &internal, nil); err != nil {
			t.Fatal(err)
		}
		s, err := structural.NewStructural(&internal)
		if err != nil {
			t.Fatal(err)
		}
		values, _, err := validation.NewSchemaValidator(&internal)
		if err != nil {
			t.Fatal(err)
		}
		return apiServer{s, values, cel.NewValidator(s, true, celconfig.PerCallLimit)}
	}
	t.Fatalf("no version %s of %s", kind.Version, kind.Kind)
	return apiServer{}
}

// judge lists the fields that are wrong and those that do not exist.
func (a apiServer) judge(t *testing.T, text []byte) (wrong, unknown []string) {
	t.Helper()
	var object map[string]any
	if err := utiljson.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(object, a.structural)
	defaulting.Default(object, a.structural)
	mistakes := validation.ValidateCustomResource(nil, object, a.values)
	mistakes = append(mistakes, listtype.ValidateListSetsAndMaps(nil, a.structural, object)...)
	if len(mistakes) == 0 && a.rules != nil {
		mistakes, _ = a.rules.Validate(context.Background(), nil, a.structural, object, nil, celconfig.RuntimeCELCostBudget)
	}
	for _, e := range mistakes {
		wrong = append(wrong, e.Field)
	}
	unknown = pruning.PruneWithOptions(object, a.structural, true, structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	return distinct(wrong), distinct(unknown)
}

// judge is the same by this package.
func (s *Schemas) judge(t *testing.T, kind schema.GroupVersionKind, text []byte) (wrong, unknown []string) {
	t.Helper()
	problems, err := s.Check(context.Background(), &resource.Object{Key: resource.Key{GroupKind: kind.GroupKind()}, Version: kind.Version, JSON: text})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if p.Unknown {
			unknown = append(unknown, strings.Join(p.Field, "."))
		} else {
			wrong = append(wrong, strings.Join(p.Field, "."))
		}
	}
	return distinct(wrong), distinct(unknown)
}

// distinct brings paths to one form: the API server does not quote a name with dots.
func distinct(paths []string) []string {
	for i, p := range paths {
		paths[i] = strings.Trim(strings.NewReplacer("[", ".", "]", "", "<nil>", "").Replace(p), ".")
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// The samples, each changed in every place, are judged as by the API server:
// the same fields do not exist, and what is wrong for one is wrong for the
// other. In combinations of schemas the API server lists what each of them
// misses; there the place is enough.
func TestCheckJudgesAsTheAPIServer(t *testing.T) {
	ours := Embedded()
	servers := map[schema.GroupVersionKind]apiServer{}
	count, invalid := 0, 0
	for _, o := range sampleObjects(t) {
		kind := o.GroupKind.WithVersion(o.Version)
		if !ours.Knows(o.GroupKind) {
			continue
		}
		if _, err := ours.of(kind); err != nil {
			continue
		}
		server, ok := servers[kind]
		if !ok {
			server = newAPIServer(t, kind)
			servers[kind] = server
		}
		for _, text := range append(mutations(t, o.JSON), o.JSON) {
			count++
			wantWrong, wantUnknown := server.judge(t, text)
			gotWrong, gotUnknown := ours.judge(t, kind, text)
			if len(wantWrong) > 0 {
				invalid++
			}
			gotUnknown, wantUnknown = outside(gotWrong, gotUnknown), outside(gotWrong, wantUnknown)
			if !slices.Equal(gotUnknown, wantUnknown) {
				t.Errorf("unknown fields %q, want %q in\n%s", gotUnknown, wantUnknown, text)
			}
			if (len(gotWrong) > 0) != (len(wantWrong) > 0) || !samePlaces(gotWrong, wantWrong) {
				t.Errorf("wrong fields %q, want %q in\n%s", gotWrong, wantWrong, text)
			}
		}
	}
	t.Logf("%d objects, %d of them invalid", count, invalid)
	if count < 5000 || invalid < 1000 {
		t.Error("too few objects to prove anything")
	}
}

// outside are the places that are not inside of wrong ones: a value of a wrong
// type is wrong as a whole.
func outside(wrong, places []string) []string {
	return slices.DeleteFunc(places, func(place string) bool {
		return slices.ContainsFunc(wrong, func(w string) bool { return strings.HasPrefix(place+".", w+".") })
	})
}

// samePlaces reports whether each of our places is one of theirs, or the
// parent of one. Of numbers that are too large they do not say the place.
func samePlaces(ours, theirs []string) bool {
	for _, place := range ours {
		if !slices.ContainsFunc(theirs, func(other string) bool { return other == "" || strings.HasPrefix(other, place) }) {
			return false
		}
	}
	return true
}

func sampleObjects(t *testing.T) []*resource.Object {
	t.Helper()
	var objects []*resource.Object
	for _, pattern := range []string{"../../../samples/shop/*.yaml", "../../../samples/shop-broken/*.yaml", "testdata/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no files %s", pattern)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			more, _ := resource.Parse(name, text)
			objects = append(objects, more...)
		}
	}
	return objects
}

// mutations are copies of an object of which each has one place changed.
func mutations(t *testing.T, text []byte) [][]byte {
	t.Helper()
	values := []any{nil, "", "x", "*", "1s", "0s", "unix:///x/", json.Number("0"), json.Number("70000"), json.Number("5000000000"), json.Number("-1"), json.Number("1.5"),
		true, map[string]any{}, map[string]any{"a": "b"}, map[string]any{"": "*"}, []any{}, []any{"x"}, []any{map[string]any{}}}
	var root map[string]any
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&root); err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	keep := func() {
		changed, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, changed)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, child := range v {
				if name == "metadata" || name == "apiVersion" || name == "kind" {
					continue
				}
				for _, value := range values {
					v[name] = value
					keep()
				}
				delete(v, name)
				keep()
				v[name] = child
				walk(child)
			}
			v["extra.field"] = "x"
			keep()
			delete(v, "extra.field")
		case []any:
			for i, child := range v {
				for _, value := range values {
					v[i] = value
					keep()
				}
				v[i] = v[0]
				keep()
				v[i] = child
				walk(child)
			}
		}
	}
	walk(root)
	return all
}

// A CRD of a new release must not say something that goes unheard here.
func TestSchemasUseOnlyKnownWords(t *testing.T) {
	known := map[string]bool{"description": true}
	for name := range jsonFields(t) {
		known[name] = true
	}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for word, value := range v {
				switch {
				case !known[word]:
					t.Errorf("%s: the word %s is not known", at, word)
				case word == "properties":
					for name, property := range value.(map[string]any) {
						walk(at+"."+name, property)
					}
				case word != "x-kubernetes-validations" && word != "default":
					walk(at+"."+word, value)
				}
			}
		case []any:
			for i, item := range v {
				walk(fmt.Sprintf("%s[%d]", at, i), item)
			}
		}
	}
	documents := Embedded().mesh()
	maps.Copy(documents, Embedded().gatewayAPI())
	for kind, doc := range documents {
		objects, _ := resource.ParseDocument(file, doc)
		var definition struct {
			Spec struct {
				Versions []struct {
					Name   string
					Schema struct {
						OpenAPIV3Schema map[string]any `json:"openAPIV3Schema"`
					}
				}
			}
		}
		if err := json.Unmarshal(objects[0].JSON, &definition); err != nil {
			t.Fatal(err)
		}
		for _, version := range definition.Spec.Versions {
			walk(kind.Kind, version.Schema.OpenAPIV3Schema)
		}
	}
}

// jsonFields are the words that a schema is decoded into.
func jsonFields(t *testing.T) map[string]any {
	t.Helper()
	text, err := json.Marshal(&node{})
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

func TestEveryRuleCompiles(t *testing.T) {
	gateways := slices.Collect(maps.Keys(Embedded().gatewayAPI()))
	for _, kind := range append(istio.ConfigKinds(), gateways...) {
		root, err := Embedded().of(kind.WithVersion(newest(kind)))
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		root.each(func(n *node) {
			for _, r := range n.Rules {
				if seen[r.Rule] || r.always {
					continue
				}
				seen[r.Rule] = true
				if _, err := r.program(); err != nil {
					t.Errorf("%s: compiling %s: %v", kind.Kind, r.Rule, err)
				}
			}
		})
	}
}
