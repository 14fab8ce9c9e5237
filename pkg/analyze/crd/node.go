package crd

import (
	"encoding/json"
	"regexp"
	"sync"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

// node is a schema, or a part of one, in the words that the mesh's CRDs use
// (apiextensions.k8s.io/v1, JSONSchemaProps). A test proves that they use no
// others.
type node struct {
	Type        string   `json:"type"`
	Format      string   `json:"format"`
	Nullable    bool     `json:"nullable"`
	IntOrString bool     `json:"x-kubernetes-int-or-string"`
	Enum        []string `json:"enum"`

	Properties   map[string]*node `json:"properties"`
	Additional   *node            `json:"additionalProperties"`
	KeepsUnknown bool             `json:"x-kubernetes-preserve-unknown-fields"`
	Required     []string         `json:"required"`

	Items    *node    `json:"items"`
	ListType string   `json:"x-kubernetes-list-type"`
	ListKeys []string `json:"x-kubernetes-list-map-keys"`

	Pattern       string   `json:"pattern"`
	Minimum       *float64 `json:"minimum"`
	Maximum       *float64 `json:"maximum"`
	MinLength     *int     `json:"minLength"`
	MaxLength     *int     `json:"maxLength"`
	MinItems      *int     `json:"minItems"`
	MaxItems      *int     `json:"maxItems"`
	MinProperties *int     `json:"minProperties"`
	MaxProperties *int     `json:"maxProperties"`

	AllOf []*node `json:"allOf"`
	AnyOf []*node `json:"anyOf"`
	OneOf []*node `json:"oneOf"`
	Not   *node   `json:"not"`

	Default json.RawMessage `json:"default"`
	Rules   []*rule         `json:"x-kubernetes-validations"`

	pattern func() (*regexp.Regexp, error)
	// defaults are the properties that have a default, and escaped those that
	// rules in CEL know under another name.
	defaults, escaped []string
}

// prepare makes a decoded schema ready for use by several goroutines.
func (n *node) prepare() {
	n.each(func(part *node) {
		if part.Pattern != "" {
			part.pattern = sync.OnceValues(func() (*regexp.Regexp, error) { return regexp.Compile(part.Pattern) })
		}
		for _, r := range part.Rules {
			r.prepare()
		}
		for name, property := range part.Properties {
			if len(property.Default) > 0 {
				part.defaults = append(part.defaults, name)
			}
			if reservedInCEL(name) {
				part.escaped = append(part.escaped, name)
			}
		}
	})
}

// fillIn gives an object the defaults of fields that it does not have, as the
// API server does before it checks anything.
func (n *node) fillIn(object map[string]any) {
	for _, name := range n.defaults {
		if object[name] != nil {
			continue
		}
		var value any // a new one each time, because what is in it is filled in, too
		if utiljson.Unmarshal(n.Properties[name].Default, &value) == nil {
			object[name] = value
		}
	}
}

// each calls visit for a schema and all its parts.
func (n *node) each(visit func(*node)) {
	if n == nil {
		return
	}
	visit(n)
	for _, property := range n.Properties {
		property.each(visit)
	}
	for _, list := range [][]*node{{n.Additional, n.Items, n.Not}, n.AllOf, n.AnyOf, n.OneOf} {
		for _, part := range list {
			part.each(visit)
		}
	}
}

// child is the schema of a field, nil if an object of this schema has no such
// field or any value will do.
func (n *node) child(name string) *node {
	if property := n.Properties[name]; property != nil {
		return property
	}
	return n.Additional
}
