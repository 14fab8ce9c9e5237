package crd

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/meshctl/meshctl/internal/resource"
)

// Problem is a place at which an object does not fit its CRD.
type Problem struct {
	Unknown bool // a field that does not exist; otherwise a value that is not allowed
	Field   resource.FieldPath
	Message string
	Known   []string // of an unknown field: the fields that exist in its place
}

// Check says where an object does not fit its CRD, ordered by field. It fails
// if the CRD does not have the object's version, or cannot be read.
func (s *Schemas) Check(ctx context.Context, o *resource.Object) ([]Problem, error) {
	root, err := s.of(o.GroupKind.WithVersion(o.Version))
	if err != nil {
		return nil, err
	}
	// The API server's own decoder, which tells whole numbers from others.
	var object map[string]any
	if err := utiljson.Unmarshal(o.JSON, &object); err != nil {
		return nil, fmt.Errorf("decoding %s: %w", o.Key, err)
	}
	for _, header := range []string{"apiVersion", "kind", "metadata"} {
		delete(object, header) // every kind has them; no CRD says what they are
	}
	c := &checker{}
	c.value(nil, object, root)
	if len(c.wrong) == 0 { // rules rely on values that are right
		for _, open := range c.open {
			c.evaluate(ctx, open)
		}
	}
	problems := slices.Concat(c.wrong, c.unknown)
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Field.String(), b.Field.String()) })
	return problems, nil
}

// checker walks one value along its schema.
type checker struct {
	partial        bool // the schema says nothing of fields that it does not name
	wrong, unknown []Problem
	open           []openRule // rules that need a look at the value as a whole
}

// place is where the walk is. It becomes a path only where there is something
// to say.
type place struct {
	parent  *place
	element string
	index   int // of a list's item; -1 for a field
}

func field(parent *place, name string) *place { return &place{parent, name, -1} }

func (p *place) path() resource.FieldPath {
	var path resource.FieldPath
	for ; p != nil; p = p.parent {
		if p.index >= 0 {
			path = append(path, resource.Index(p.index))
		} else {
			path = append(path, p.element)
		}
	}
	slices.Reverse(path)
	return path
}

func (c *checker) wrongf(at *place, format string, args ...any) {
	c.wrong = append(c.wrong, Problem{Field: at.path(), Message: fmt.Sprintf(format, args...)})
}

func (c *checker) value(at *place, v any, n *node) {
	if n == nil {
		return
	}
	if !n.allows(v) {
		c.wrongf(at, "the value must be %s, not %s", n.typeName(), nameOf(v))
		return
	}
	switch v := v.(type) {
	case map[string]any:
		c.fields(at, v, n)
	case []any:
		c.items(at, v, n)
	case string:
		c.text(at, v, n)
	case int64:
		c.number(at, float64(v), n)
	case float64:
		c.number(at, v, n)
	}
	c.combinations(at, v, n)
	for _, r := range n.Rules {
		if !r.surelyHolds(v) {
			c.open = append(c.open, openRule{at: at.path(), value: v, rule: r})
		}
	}
}

func (c *checker) fields(at *place, v map[string]any, n *node) {
	if !c.partial {
		n.fillIn(v)
	}
	for name, child := range v {
		schema := n.child(name)
		if c.partial && schema == nil {
			continue
		}
		if child == nil && (schema == nil || !schema.Nullable) {
			delete(v, name) // null is as absent, and rules must see it so
			continue
		}
		here := field(at, name)
		if schema == nil && !n.KeepsUnknown {
			path := here.path()
			c.unknown = append(c.unknown, Problem{Unknown: true, Field: path, Message: "there is no field " + path.String(),
				Known: slices.Sorted(maps.Keys(n.Properties))})
			continue
		}
		c.value(here, child, schema)
	}
	for _, name := range n.Required {
		if _, ok := v[name]; !ok {
			c.wrongf(field(at, name), "a value is required")
		}
	}
	c.size(at, len(v), n.MinProperties, n.MaxProperties, "field")
	for _, name := range n.escaped {
		if value, ok := v[name]; ok && !c.partial {
			v[escapedName(name)] = value
		}
	}
}

func (c *checker) items(at *place, v []any, n *node) {
	for i, item := range v {
		c.value(&place{parent: at, index: i}, item, n.Items)
	}
	c.size(at, len(v), n.MinItems, n.MaxItems, "item")
	if n.ListType != "map" {
		return
	}
	seen := map[string]bool{}
	for i, item := range v {
		object, _ := item.(map[string]any)
		var key strings.Builder
		for _, name := range n.ListKeys {
			fmt.Fprintf(&key, "%v\x00", object[name])
		}
		if seen[key.String()] {
			c.wrongf(&place{parent: at, index: i}, "another item of the list has the same %s", strings.Join(n.ListKeys, " and "))
		}
		seen[key.String()] = true
	}
}

func (c *checker) size(at *place, n int, low, high *int, what string) {
	switch {
	case low != nil && n < *low:
		c.wrongf(at, "at least %s must be given, there %s", count(*low, what), areOnly(n))
	case high != nil && n > *high:
		c.wrongf(at, "at most %s may be given, there are %d", count(*high, what), n)
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "one " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func areOnly(n int) string {
	switch n {
	case 0:
		return "is none"
	case 1:
		return "is only one"
	}
	return fmt.Sprintf("are only %d", n)
}
