// Package crd checks objects of the mesh's kinds against the schemas of their
// CRDs, as the API server does: types, required fields, limits, patterns,
// rules in CEL, and fields that do not exist.
//
// The API server's own libraries would double the program's start-up memory,
// so they serve as the yardstick of a test instead: on thousands of mutated
// objects both must come to the same verdict.
package crd

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"

	"istio.io/istio/manifests"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// file holds the CRDs of all kinds of the mesh.
const file = "charts/base/files/crd-all.gen.yaml"

// Schemas are the schemas of the mesh's CRDs. Each is built when it is first
// needed, because building all of them takes longer than most analyses.
type Schemas struct {
	mesh       func() map[schema.GroupKind]resource.Document
	gatewayAPI func() map[schema.GroupKind]resource.Document
	built      sync.Map // schema.GroupVersionKind → func() (*node, error)
}

//go:generate go run ../../../tools/gatewaycrds

// gatewayAPI are the CRDs of the Gateway API.
//
//go:embed gatewayapi.yaml.gz
var gatewayAPI []byte

// Embedded are the CRDs of the Istio release that this program knows, and of
// the Gateway API that goes with it.
func Embedded() *Schemas {
	return &Schemas{
		mesh: sync.OnceValue(func() map[schema.GroupKind]resource.Document {
			text, err := manifests.FS.ReadFile(file)
			if err != nil {
				return nil // a test proves that the file is there
			}
			return byKind(text)
		}),
		gatewayAPI: sync.OnceValue(func() map[schema.GroupKind]resource.Document { return byKind(unpacked(gatewayAPI)) }),
	}
}

func byKind(text []byte) map[schema.GroupKind]resource.Document {
	documents := map[schema.GroupKind]resource.Document{}
	for _, doc := range resource.SplitDocuments(text) {
		// Finding out a CRD's kind must not cost parsing it.
		group, kind := lineValue(doc.Body, "\n  group: "), lineValue(doc.Body, "\n    kind: ")
		if group != "" && kind != "" {
			documents[schema.GroupKind{Group: group, Kind: kind}] = doc
		}
	}
	return documents
}

// document is the CRD of a kind.
func (s *Schemas) document(kind schema.GroupKind) (resource.Document, bool) {
	documents := s.mesh
	if kind.Group == istio.GatewayAPIGroup {
		documents = s.gatewayAPI
	}
	doc, ok := documents()[kind]
	return doc, ok
}

// unpacked is gzipped text; nothing if it is broken, which a test would show.
func unpacked(packed []byte) []byte {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		return nil
	}
	return text
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
	_, ok := s.document(kind)
	return ok
}

// KnowsVersion reports whether there is a CRD that has a version of a kind.
func (s *Schemas) KnowsVersion(kind schema.GroupVersionKind) bool {
	doc, ok := s.document(kind.GroupKind())
	return ok && bytes.Contains(doc.Body, []byte("\n    name: "+kind.Version+"\n"))
}

// of is the schema of one version of a kind.
func (s *Schemas) of(kind schema.GroupVersionKind) (*node, error) {
	once, _ := s.built.LoadOrStore(kind, sync.OnceValues(func() (*node, error) { return s.build(kind) }))
	return once.(func() (*node, error))()
}

func (s *Schemas) build(kind schema.GroupVersionKind) (*node, error) {
	doc, ok := s.document(kind.GroupKind())
	if !ok {
		return nil, fmt.Errorf("there is no CRD for %s", kind.GroupKind())
	}
	doc.Body = oneVersion(doc.Body, kind.Version)
	objects, problems := resource.ParseDocument(file, doc)
	if len(problems) > 0 {
		return nil, problems[0]
	}
	var crd struct {
		Spec struct {
			Versions []struct {
				Name   string `json:"name"`
				Schema struct {
					OpenAPIV3Schema *node `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if err := json.Unmarshal(objects[0].JSON, &crd); err != nil {
		return nil, fmt.Errorf("decoding the CRD of %s: %w", kind.Kind, err)
	}
	for _, version := range crd.Spec.Versions {
		if root := version.Schema.OpenAPIV3Schema; version.Name == kind.Version && root != nil {
			root.prepare()
			return root, nil
		}
	}
	return nil, fmt.Errorf("%s has no version %s", kind.Kind, kind.Version)
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
