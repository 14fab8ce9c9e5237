package diff

import (
	"slices"
	"strings"
)

// Grouped are the resources, or the parts of resources, that changed because of one
// Istio object.
type Grouped struct {
	Title     string
	Resources []Resource
}

// unknownCause stands for what istiod notes no object for, such as the effects of a
// PeerAuthentication.
const unknownCause = "(no Istio object noted by istiod)"

// Group sorts the changes by what caused them. A resource that several objects shape
// is listed under each of them, with the changes that are theirs.
func Group(r Result) []Grouped {
	byTitle := map[string]*Grouped{}
	add := func(title string, res Resource) {
		if title == "" {
			title = unknownCause
		}
		if byTitle[title] == nil {
			byTitle[title] = &Grouped{Title: title}
		}
		byTitle[title].Resources = append(byTitle[title].Resources, res)
	}
	for _, res := range r.Resources {
		if len(res.Changes) == 0 {
			add(strings.Join(res.Objects, ", "), res)
			continue
		}
		var objects []string
		for _, c := range res.Changes {
			if !slices.Contains(objects, c.Object) {
				objects = append(objects, c.Object)
			}
		}
		for _, object := range objects {
			part := res
			part.Changes = slices.DeleteFunc(slices.Clone(res.Changes), func(c Change) bool { return c.Object != object })
			add(object, part)
		}
	}
	out := make([]Grouped, 0, len(byTitle))
	for _, g := range byTitle {
		out = append(out, *g)
	}
	slices.SortFunc(out, func(a, b Grouped) int {
		if unknownA, unknownB := a.Title == unknownCause, b.Title == unknownCause; unknownA != unknownB {
			if unknownA {
				return 1
			}
			return -1
		}
		return strings.Compare(a.Title, b.Title)
	})
	return out
}
