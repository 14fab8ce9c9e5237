package resource

import "k8s.io/apimachinery/pkg/runtime/schema"

// Set is a collection of objects with lookups by kind and by key. Of several
// objects with one key the last added counts, in the place of the first.
// The zero value is an empty set.
type Set struct {
	byKind map[schema.GroupKind]*kindSet
	kinds  []schema.GroupKind
}

// kindSet are the objects of one kind.
type kindSet struct {
	objects []*Object
	index   map[objectName]int // places in objects
}

type objectName struct{ namespace, name string }

// NewSet is a set of the given objects.
func NewSet(objects ...*Object) *Set {
	s := &Set{}
	s.Add(objects...)
	return s
}

// Add puts objects into the set.
func (s *Set) Add(objects ...*Object) {
	if s.byKind == nil {
		s.byKind = map[schema.GroupKind]*kindSet{}
	}
	for _, o := range objects {
		of := s.byKind[o.GroupKind]
		if of == nil {
			of = &kindSet{index: map[objectName]int{}}
			s.byKind[o.GroupKind] = of
			s.kinds = append(s.kinds, o.GroupKind)
		}
		of.add(o)
	}
}

func (k *kindSet) add(o *Object) {
	name := objectName{o.Namespace, o.Name}
	if i, exists := k.index[name]; exists && o.Name != "" {
		k.objects[i] = o
		return
	}
	k.index[name] = len(k.objects)
	k.objects = append(k.objects, o)
}

// Of lists the objects of a kind in the order in which they were added.
func (s *Set) Of(kind schema.GroupKind) []*Object {
	if of := s.byKind[kind]; of != nil {
		return of.objects
	}
	return nil
}

// Get is the object with the given key, or nil.
func (s *Set) Get(kind schema.GroupKind, namespace, name string) *Object {
	of := s.byKind[kind]
	if of == nil {
		return nil
	}
	if i, exists := of.index[objectName{namespace, name}]; exists {
		return of.objects[i]
	}
	return nil
}

// Kinds lists the kinds of which the set holds objects, in the order in which they came.
func (s *Set) Kinds() []schema.GroupKind { return s.kinds }

// All lists every object, by kind.
func (s *Set) All() []*Object {
	all := make([]*Object, 0, s.Len())
	for _, kind := range s.kinds {
		all = append(all, s.byKind[kind].objects...)
	}
	return all
}

// Len is the number of objects.
func (s *Set) Len() int {
	n := 0
	for _, of := range s.byKind {
		n += len(of.objects)
	}
	return n
}
