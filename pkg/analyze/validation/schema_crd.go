package validation

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"istio.io/istio/manifests"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	crdvalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/internal/resource"
)

const crdFile = "charts/base/files/crd-all.gen.yaml"

// crds finds the CRDs of this release. Only their headers are looked at; a
// CRD is decoded when an object of its kind is checked.
var crds = sync.OnceValue(func() map[schema.GroupKind]*crd {
	text, err := manifests.FS.ReadFile(crdFile)
	if err != nil {
		return nil // embedded, and a test reads it
	}
	found := map[schema.GroupKind]*crd{}
	for _, doc := range resource.SplitDocuments(text) {
		group, kind := crdGroup.FindSubmatch(doc.Body), crdKind.FindSubmatch(doc.Body)
		if group != nil && kind != nil {
			found[schema.GroupKind{Group: string(group[1]), Kind: string(kind[1])}] = newCRD(doc.Body)
		}
	}
	return found
})

var (
	crdGroup = regexp.MustCompile(`(?m)^  group: (\S+)$`)
	crdKind  = regexp.MustCompile(`(?m)^    kind: (\S+)$`)
)

// crd is a CustomResourceDefinition whose versions are compiled when needed.
type crd struct {
	decode func() (*apiextensionsv1.CustomResourceDefinition, error)

	mu       sync.Mutex
	versions map[string]*crdSchema
}

func newCRD(text []byte) *crd {
	return &crd{
		versions: map[string]*crdSchema{},
		decode: sync.OnceValues(func() (*apiextensionsv1.CustomResourceDefinition, error) {
			definition := &apiextensionsv1.CustomResourceDefinition{}
			if err := yaml.Unmarshal(bytes.TrimSpace(text), definition); err != nil {
				return nil, fmt.Errorf("decoding a CRD: %w", err)
			}
			return definition, nil
		}),
	}
}

// crdSchema checks objects of one kind and version.
type crdSchema struct {
	structural *structuralschema.Structural
	validator  crdvalidation.SchemaValidator
	rules      *cel.Validator
}

// version is the schema of a served version; the error for others lists these.
func (c *crd) version(name string) (*crdSchema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.versions[name]; s != nil {
		return s, nil
	}
	definition, err := c.decode()
	if err != nil {
		return nil, err
	}
	var served []string
	for _, v := range definition.Spec.Versions {
		if v.Name == name && v.Served && v.Schema != nil {
			s, err := compile(v.Schema.OpenAPIV3Schema)
			if err != nil {
				return nil, fmt.Errorf("compiling the schema of %s: %w", definition.Spec.Names.Kind, err)
			}
			c.versions[name] = s
			return s, nil
		}
		if v.Served {
			served = append(served, v.Name)
		}
	}
	return nil, fmt.Errorf("%s has no version %s: use %s", definition.Spec.Names.Kind, name, strings.Join(served, " or "))
}

func compile(v1 *apiextensionsv1.JSONSchemaProps) (*crdSchema, error) {
	// Rules that compare with an earlier state of the object need none of it here.
	const celCallLimit = 1_000_000 // the API server's limit for one rule
	var props apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(v1, &props, nil); err != nil {
		return nil, err
	}
	structural, err := structuralschema.NewStructural(&props)
	if err != nil {
		return nil, err
	}
	validator, _, err := crdvalidation.NewSchemaValidator(&props)
	if err != nil {
		return nil, err
	}
	return &crdSchema{structural, validator, cel.NewValidator(structural, true, celCallLimit)}, nil
}
