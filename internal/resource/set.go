package resource

import "k8s.io/apimachinery/pkg/runtime/schema"

// Set is a collection of objects with lookups by kind and by key. Of several
// objects with one key the last added counts, in the place of the first.
// The zero value is an empty set.
type Set struct {
	byKind map[schema.GroupKind][]*Object
	byKey  map[Key]*Object
	kinds  []schema.GroupKind
}

// NewSet is a set of the given objects.
func NewSet(objects ...*Object) *Set {
	s := &Set{}
	s.Add(objects...)
	return s
}

// Add puts objects into the set.
func (s *Set) Add(objects ...*Object) {
	if s.byKey == nil {
		s.byKey = make(map[Key]*Object, len(objects))
		s.byKind = map[schema.GroupKind][]*Object{}
	}
	for _, o := range objects {
		if old, exists := s.byKey[o.Key]; exists && o.Name != "" {
			list := s.byKind[o.GroupKind]
			for i := range list {
				if list[i] == old {
					list[i] = o
				}
			}
			s.byKey[o.Key] = o
			continue
		}
		if _, known := s.byKind[o.GroupKind]; !known {
			s.kinds = append(s.kinds, o.GroupKind)
		}
		s.byKey[o.Key] = o
		s.byKind[o.GroupKind] = append(s.byKind[o.GroupKind], o)
	}
}

// Of lists the objects of a kind in the order in which they were added.
func (s *Set) Of(kind schema.GroupKind) []*Object { return s.byKind[kind] }

// Get is the object with the given key, or nil.
func (s *Set) Get(kind schema.GroupKind, namespace, name string) *Object {
	return s.byKey[Key{kind, namespace, name}]
}

// Kinds lists the kinds of which the set holds objects, in the order in which they came.
func (s *Set) Kinds() []schema.GroupKind { return s.kinds }

// All lists every object, by kind.
func (s *Set) All() []*Object {
	var all []*Object
	for _, kind := range s.kinds {
		all = append(all, s.byKind[kind]...)
	}
	return all
}

// Len is the number of objects.
func (s *Set) Len() int { return len(s.byKey) }
