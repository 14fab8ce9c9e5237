package crd

import (
	"regexp"
	"sync"

	structural "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
)

// fit is a quick look at an object, which nearly all objects pass: whether it
// surely fits its schema, and whether a rule in CEL has a say in it. What does
// not fit here is looked at by the API server's own, slower, validator, which
// has the last word and knows how to say what is wrong.
type fit struct {
	ruled    bool
	keyed    bool      // there are lists whose items must be different
	patterns *sync.Map // string → *regexp.Regexp
	rules    *sync.Map // rule in CEL → ruleFields
}

// object is value for a whole object, whose header every kind has.
func (f *fit) object(o map[string]any, s *structural.Structural) bool {
	f.ruled = f.ruled || !f.holds(o, s)
	for name, child := range o {
		switch name {
		case "apiVersion", "kind", "metadata":
			continue
		}
		property, known := s.Properties[name]
		if !known || !f.value(child, &property) {
			return false
		}
	}
	return f.limits(o, s.ValueValidation)
}

// value reports whether a value surely fits a schema.
func (f *fit) value(v any, s *structural.Structural) bool {
	f.ruled = f.ruled || !f.holds(v, s)
	if v == nil {
		return s.Nullable
	}
	if s.XPreserveUnknownFields && s.Type == "" {
		return true
	}
	if s.XIntOrString {
		switch v.(type) {
		case int64, string:
			return f.limits(v, s.ValueValidation)
		}
		return false
	}
	switch v := v.(type) {
	case map[string]any:
		return s.Type == "object" && f.fields(v, s) && f.limits(v, s.ValueValidation)
	case []any:
		if s.Type != "array" || s.Items == nil {
			return false
		}
		f.keyed = f.keyed || s.XListType != nil && *s.XListType != "atomic"
		for _, item := range v {
			if !f.value(item, s.Items) {
				return false
			}
		}
		return f.limits(v, s.ValueValidation)
	case string:
		return s.Type == "string" && f.limits(v, s.ValueValidation)
	case bool:
		return s.Type == "boolean" && f.limits(v, s.ValueValidation)
	case int64:
		return (s.Type == "integer" || s.Type == "number") && f.limits(v, s.ValueValidation)
	case float64:
		return s.Type == "number" && f.limits(v, s.ValueValidation)
	}
	return false
}

func (f *fit) fields(v map[string]any, s *structural.Structural) bool {
	for name, child := range v {
		property, known := s.Properties[name]
		switch {
		case known:
			if !f.value(child, &property) {
				return false
			}
		case s.AdditionalProperties != nil && s.AdditionalProperties.Structural != nil:
			if !f.value(child, s.AdditionalProperties.Structural) {
				return false
			}
		case !s.XPreserveUnknownFields:
			return false
		}
	}
	return true
}

// limits checks what a schema says beyond types. Combinations of schemas are
// evaluated for the forms that the mesh's CRDs have: lists of required fields.
func (f *fit) limits(v any, l *structural.ValueValidation) bool {
	if l == nil {
		return true
	}
	if l.MultipleOf != nil || l.UniqueItems || len(l.AllOf) > 0 {
		return false
	}
	if len(l.Enum) > 0 {
		found := false
		for _, allowed := range l.Enum {
			found = found || allowed.Object == v
		}
		if !found {
			return false
		}
	}
	switch v := v.(type) {
	case string:
		if !within(len([]rune(v)), l.MinLength, l.MaxLength) || l.Pattern != "" && !f.matches(l.Pattern, v) {
			return false
		}
	case []any:
		if !within(len(v), l.MinItems, l.MaxItems) {
			return false
		}
	case map[string]any:
		if !within(len(v), l.MinProperties, l.MaxProperties) || !hasAll(v, l.Required) {
			return false
		}
		return f.combinations(v, l)
	case int64:
		return inRange(float64(v), l)
	case float64:
		return inRange(v, l)
	}
	return len(l.AnyOf) == 0 && len(l.OneOf) == 0 && l.Not == nil
}

func (f *fit) combinations(v map[string]any, l *structural.ValueValidation) bool {
	if l.Not != nil {
		holds, sure := f.nested(v, l.Not)
		if !sure || holds {
			return false
		}
	}
	if len(l.AnyOf) > 0 {
		if count, sure := f.count(v, l.AnyOf); !sure || count == 0 {
			return false
		}
	}
	if len(l.OneOf) > 0 {
		if count, sure := f.count(v, l.OneOf); !sure || count != 1 {
			return false
		}
	}
	return true
}

func (f *fit) count(v map[string]any, of []structural.NestedValueValidation) (count int, sure bool) {
	for i := range of {
		holds, known := f.nested(v, &of[i])
		if !known {
			return 0, false
		}
		if holds {
			count++
		}
	}
	return count, true
}

// nested evaluates a schema inside a combination, if it is one of required
// fields and combinations of such only.
func (f *fit) nested(v map[string]any, n *structural.NestedValueValidation) (holds, sure bool) {
	l := &n.ValueValidation
	simple := structural.ValueValidation{Required: l.Required, AnyOf: l.AnyOf, OneOf: l.OneOf, Not: l.Not}
	if n.Items != nil || len(n.Properties) > 0 || n.AdditionalProperties != nil || len(l.AllOf) > 0 || len(l.Enum) > 0 ||
		l.MinProperties != nil || l.MaxProperties != nil || len(n.ValidationExtensions.XValidations) > 0 {
		return false, false
	}
	if simple.Not != nil {
		holds, sure := f.nested(v, simple.Not)
		if !sure || holds {
			return false, sure
		}
	}
	if len(simple.AnyOf) > 0 {
		if count, sure := f.count(v, simple.AnyOf); !sure || count == 0 {
			return false, sure
		}
	}
	if len(simple.OneOf) > 0 {
		if count, sure := f.count(v, simple.OneOf); !sure || count != 1 {
			return false, sure
		}
	}
	return hasAll(v, simple.Required), true
}

func hasAll(v map[string]any, required []string) bool {
	for _, name := range required {
		if _, ok := v[name]; !ok {
			return false
		}
	}
	return true
}

func within(n int, low, high *int64) bool {
	return (low == nil || int64(n) >= *low) && (high == nil || int64(n) <= *high)
}

func inRange(n float64, l *structural.ValueValidation) bool {
	if l.Minimum != nil && (n < *l.Minimum || l.ExclusiveMinimum && n == *l.Minimum) ||
		l.Maximum != nil && (n > *l.Maximum || l.ExclusiveMaximum && n == *l.Maximum) {
		return false
	}
	return l.Not == nil && len(l.AnyOf) == 0 && len(l.OneOf) == 0
}

func (f *fit) matches(pattern, v string) bool {
	known, ok := f.patterns.Load(pattern)
	if !ok {
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			return false
		}
		known, _ = f.patterns.LoadOrStore(pattern, compiled)
	}
	return known.(*regexp.Regexp).MatchString(v)
}
