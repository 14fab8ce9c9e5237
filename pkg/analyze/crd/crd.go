// Package crd checks objects of the mesh's kinds against the schemas of their
// CRDs, as the API server does: types, required fields, limits, patterns,
// rules in CEL, and fields that do not exist.
package crd

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"istio.io/istio/manifests"
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
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"github.com/meshctl/meshctl/internal/resource"
)

// file holds the CRDs of all kinds of the mesh.
const file = "charts/base/files/crd-all.gen.yaml"

// Problem is a place at which an object does not fit its CRD.
type Problem struct {
	Unknown bool // a field that does not exist; otherwise a value that is not allowed
	Field   resource.FieldPath
	Message string
	Known   []string // of an unknown field: the fields that exist in its place
}

// Schemas are the schemas of the mesh's CRDs. Each is built when it is first
// needed, because building all of them takes longer than most analyses.
type Schemas struct {
	documents func() map[schema.GroupKind]resource.Document
	built     sync.Map // schema.GroupVersionKind → func() (*compiled, error)
}

// compiled is the schema of one version of a kind, ready for use.
type compiled struct {
	structural *structural.Structural
	patterns   sync.Map // see fit
	ruleFields sync.Map
	// The API server's validators, built when first needed. rules is nil if there are none.
	values func() (validation.SchemaValidator, error)
	rules  func() *cel.Validator
}

// Embedded are the CRDs of the Istio release that this program knows.
func Embedded() *Schemas {
	return &Schemas{documents: sync.OnceValue(func() map[schema.GroupKind]resource.Document {
		text, err := manifests.FS.ReadFile(file)
		if err != nil {
			return nil // a test proves that the file is there
		}
		documents := map[schema.GroupKind]resource.Document{}
		for _, doc := range resource.SplitDocuments(text) {
			// Finding out a CRD's kind must not cost parsing it.
			group, kind := lineValue(doc.Body, "\n  group: "), lineValue(doc.Body, "\n    kind: ")
			if group != "" && kind != "" {
				documents[schema.GroupKind{Group: group, Kind: kind}] = doc
			}
		}
		return documents
	})}
}

func lineValue(text []byte, prefix string) string {
	_, after, ok := strings.Cut(string(text[:min(len(text), 2000)]), prefix)
	if !ok {
		return ""
	}
	value, _, _ := strings.Cut(after, "\n")
	return strings.TrimSpace(value)
}

// Knows reports whether there is a CRD for a kind.
func (s *Schemas) Knows(kind schema.GroupKind) bool {
	_, ok := s.documents()[kind]
	return ok
}

// Check says where an object does not fit its CRD. It fails if the CRD does
// not have the object's version, or cannot be read.
func (s *Schemas) Check(ctx context.Context, o *resource.Object) ([]Problem, error) {
	c, err := s.compiled(o.GroupKind.WithVersion(o.Version))
	if err != nil {
		return nil, err
	}
	// The API server's own decoder, which tells whole numbers from others.
	var object map[string]any
	if err := utiljson.Unmarshal(o.JSON, &object); err != nil {
		return nil, fmt.Errorf("decoding %s: %w", o.Key, err)
	}
	quick := &fit{patterns: &c.patterns, rules: &c.ruleFields}
	fits := quick.object(object, c.structural)
	if fits && !quick.ruled && !quick.keyed {
		return nil, nil
	}
	var mistakes field.ErrorList
	if !fits {
		defaulting.PruneNonNullableNullsWithoutDefaults(object, c.structural) // null is as absent
		values, err := c.values()
		if err != nil {
			return nil, err
		}
		mistakes = validation.ValidateCustomResource(nil, object, values)
	}
	if quick.keyed || !fits {
		mistakes = append(mistakes, listtype.ValidateListSetsAndMaps(nil, c.structural, object)...)
	}
	if rules := c.rules(); rules != nil && len(mistakes) == 0 { // rules rely on types that are right
		mistakes, _ = rules.Validate(ctx, nil, c.structural, object, nil, celconfig.RuntimeCELCostBudget)
	}
	var problems []Problem
	for _, e := range mistakes {
		problems = append(problems, Problem{Field: parsePath(e.Field), Message: plainMessage(e)})
	}
	if fits {
		return problems, nil
	}
	for _, path := range pruning.PruneWithOptions(object, c.structural, true, structural.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
		problems = append(problems, c.unknown(parsePath(path)))
	}
	return problems, nil
}

// unknown is the problem with a field that the schema does not have.
func (c *compiled) unknown(path resource.FieldPath) Problem {
	return Problem{Unknown: true, Field: path, Message: "there is no field " + path.String(), Known: fieldsAt(c.structural, path[:len(path)-1])}
}

// fieldsAt lists the fields that an object at a path may have.
func fieldsAt(s *structural.Structural, path resource.FieldPath) []string {
	for _, element := range path {
		property, isProperty := s.Properties[element]
		switch {
		case isProperty:
			s = &property
		case s.Items != nil:
			s = s.Items
		case s.AdditionalProperties != nil && s.AdditionalProperties.Structural != nil:
			s = s.AdditionalProperties.Structural
		default:
			return nil
		}
	}
	return slices.Sorted(maps.Keys(s.Properties))
}

func (s *Schemas) compiled(kind schema.GroupVersionKind) (*compiled, error) {
	once, _ := s.built.LoadOrStore(kind, sync.OnceValues(func() (*compiled, error) { return s.compile(kind) }))
	return once.(func() (*compiled, error))()
}

func (s *Schemas) compile(kind schema.GroupVersionKind) (*compiled, error) {
	doc, ok := s.documents()[kind.GroupKind()]
	if !ok {
		return nil, fmt.Errorf("there is no CRD for %s", kind.GroupKind())
	}
	doc.Body = oneVersion(doc.Body, kind.Version)
	objects, problems := resource.ParseDocument(file, doc)
	if len(problems) > 0 {
		return nil, problems[0]
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := json.Unmarshal(objects[0].JSON, &crd); err != nil {
		return nil, fmt.Errorf("decoding the CRD of %s: %w", kind.Kind, err)
	}
	for _, version := range crd.Spec.Versions {
		if version.Name == kind.Version {
			return build(version.Schema.OpenAPIV3Schema)
		}
	}
	return nil, fmt.Errorf("%s has no version %s", kind.Kind, kind.Version)
}

func build(props *apiextensionsv1.JSONSchemaProps) (*compiled, error) {
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(props, &internal, nil); err != nil {
		return nil, fmt.Errorf("converting the schema: %w", err)
	}
	s, err := structural.NewStructural(&internal)
	if err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	return &compiled{
		structural: s,
		values: sync.OnceValues(func() (validation.SchemaValidator, error) {
			values, _, err := validation.NewSchemaValidator(&internal)
			return values, err
		}),
		rules: sync.OnceValue(func() *cel.Validator { return cel.NewValidator(s, true, celconfig.PerCallLimit) }),
	}, nil
}

// oneVersion cuts the other versions out of a CRD's text, because parsing it is
// most of the work of using it. Text of another shape than expected stays whole.
func oneVersion(text []byte, version string) []byte {
	head, versions, ok := strings.Cut(string(text), "\n  versions:\n")
	if !ok {
		return text
	}
	for item := range strings.SplitSeq("\n"+versions, "\n  - ") {
		if strings.Contains(item, "\n    name: "+version+"\n") {
			return []byte(head + "\n  versions:\n  - " + item + "\n")
		}
	}
	return text
}
