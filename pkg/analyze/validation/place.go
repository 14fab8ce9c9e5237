package validation

import (
	"slices"

	"github.com/meshctl/meshctl/internal/resource"
)

// place leads to a field, as a resource.FieldPath does. A place is made for
// each field that is looked at, nearly always in vain; as a link of a chain it
// costs a quarter of a path of its own.
type place struct {
	parent *place
	name   string
}

// Child is the place of a field, or of a list's item, within p.
func (p *place) Child(name string) *place { return &place{p, name} }

// item is the place of an element of a list field.
func item(at *place, list string, i int) *place { return at.Child(list).Child(resource.Index(i)) }

// descend is the place that a path leads to from p.
func (p *place) descend(path []string) *place {
	for _, name := range path {
		p = p.Child(name)
	}
	return p
}

// path is the place for others; nil for the object as a whole.
func (p *place) path() resource.FieldPath {
	var path resource.FieldPath
	for ; p != nil; p = p.parent {
		path = append(path, p.name)
	}
	slices.Reverse(path)
	return path
}
