package diff

import (
	"slices"
	"strconv"
	"strings"
)

// comparer collects the changes between two versions of one resource.
type comparer struct {
	changes []Change
}

// compare walks over two values that stand in the same place. object is the Istio
// object that the surroundings came from.
func (c *comparer) compare(path, field, object string, a, b *node) {
	if a.kind != b.kind || a.kind != '{' && a.kind != '[' {
		if a.canonical(field) != b.canonical(field) {
			c.add(Change{Op: Changed, Path: path, Before: a.raw, After: b.raw, Object: object})
		}
		return
	}
	if a.canonical(field) == b.canonical(field) {
		return
	}
	if a.kind == '[' {
		c.compareLists(path, field, object, a.items, b.items)
		return
	}
	object = ownerOf(object, a, b)
	around := object
	for _, name := range memberNames(a, b) {
		inner, object := join(path, name), ownerOfKey(around, name)
		switch left, right := a.get(name), b.get(name); {
		case left == nil:
			c.add(Change{Op: Added, Path: inner, After: right.raw, Object: ownerWithin(object, right)})
		case right == nil:
			c.add(Change{Op: Removed, Path: inner, Before: left.raw, Object: ownerWithin(object, left)})
		default:
			c.compare(inner, name, object, left, right)
		}
	}
}

func (c *comparer) compareLists(path, field, object string, a, b []*node) {
	idsA, idsB, solid := identities(field, a, b)
	if !solid {
		idsA, idsB = pair(idsA, idsB)
	}
	inA, inB := index(idsA), index(idsB)
	element := func(id string) string {
		if !solid {
			return path + "[" + strconv.Itoa(place(inA, inB, id)) + "]"
		}
		return path + "[" + label(id) + "]"
	}
	var keptA, keptB []string
	for i, id := range idsA {
		if j, ok := inB[id]; ok {
			keptA = append(keptA, id)
			c.compare(element(id), field, ownerOf(object, a[i], b[j]), a[i], b[j])
		} else {
			c.add(Change{Op: Removed, Path: element(id), Before: a[i].raw, Object: ownerWithin(object, a[i])})
		}
	}
	for j, id := range idsB {
		if _, ok := inA[id]; ok {
			keptB = append(keptB, id)
		} else {
			c.add(Change{Op: Added, Path: element(id), After: b[j].raw, Object: ownerWithin(object, b[j])})
		}
	}
	if isSet(field) {
		return
	}
	moved := outOfOrder(keptA, keptB)
	for _, id := range keptA {
		if moved[id] {
			from, to := inA[id], inB[id]
			c.add(Change{Op: Moved, Path: element(id), From: &from, To: &to, Object: ownerOf(object, a[from], b[to])})
		}
	}
}

// pair gives elements that are known by their content alone, and are in one list
// only, a common identity: the first such here is the first such there. So a change
// within an element is shown as that, not as one that went and one that came.
func pair(a, b []string) (pairedA, pairedB []string) {
	inA, inB := index(a), index(b)
	pairedA, pairedB = slices.Clone(a), slices.Clone(b)
	var leftA, leftB []int
	for i, id := range a {
		if _, ok := inB[id]; !ok {
			leftA = append(leftA, i)
		}
	}
	for j, id := range b {
		if _, ok := inA[id]; !ok {
			leftB = append(leftB, j)
		}
	}
	for k := range min(len(leftA), len(leftB)) {
		// The longer of the two contents names both, so that the mirror agrees.
		id := max(a[leftA[k]], b[leftB[k]])
		pairedA[leftA[k]], pairedB[leftB[k]] = id, id
	}
	return pairedA, pairedB
}

// place is where an element stands, in the list where it stands further in front.
func place(inA, inB map[string]int, id string) int {
	i, okA := inA[id]
	j, okB := inB[id]
	switch {
	case okA && okB:
		return min(i, j)
	case okA:
		return i
	}
	return j
}

func index(ids []string) map[string]int {
	out := make(map[string]int, len(ids))
	for i, id := range ids {
		out[id] = i
	}
	return out
}

func memberNames(a, b *node) []string {
	var names []string
	for _, m := range slices.Concat(a.members, b.members) {
		names = append(names, m.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (c *comparer) add(change Change) { c.changes = append(c.changes, change) }

// join adds a field to a path; a name with dots is quoted.
func join(path, field string) string {
	if strings.ContainsAny(field, ".[] ") {
		return path + "[" + field + "]"
	}
	if path == "" {
		return field
	}
	return path + "." + field
}

// label shortens an identity that is a whole content.
func label(id string) string {
	const longest = 80
	if r := []rune(id); len(r) > longest {
		return string(r[:longest-1]) + "…"
	}
	return id
}
