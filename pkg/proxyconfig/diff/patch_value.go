package diff

import (
	"slices"
	"strconv"
	"strings"
)

// patchValue adds the steps from one value to another at the same place.
func patchValue(ops []Operation, at, field string, a, b *node) []Operation {
	switch {
	case a.canonical(field) == b.canonical(field):
		return ops
	case a.kind != b.kind || a.kind != '{' && a.kind != '[':
		return append(ops, Operation{Op: "replace", Path: at, Value: b.raw})
	case a.kind == '[':
		return patchList(ops, at, field, a.items, b.items)
	}
	for _, name := range memberNames(a, b) {
		place := at + "/" + escape(name)
		switch left, right := a.get(name), b.get(name); {
		case left == nil:
			ops = append(ops, Operation{Op: "add", Path: place, Value: right.raw})
		case right == nil:
			ops = append(ops, Operation{Op: "remove", Path: place})
		default:
			ops = patchValue(ops, place, name, left, right)
		}
	}
	return ops
}

// patchList removes what b does not have, brings the rest into b's order if order
// counts, puts in what is new, and then patches the elements.
func patchList(ops []Operation, at, field string, a, b []*node) []Operation {
	idsA, idsB, solid := identities(field, a, b)
	if !solid {
		idsA, idsB = pair(idsA, idsB)
	}
	inA, inB := index(idsA), index(idsB)
	place := func(i int) string { return at + "/" + strconv.Itoa(i) }
	var now []string
	for i := len(idsA) - 1; i >= 0; i-- {
		if _, ok := inB[idsA[i]]; ok {
			now = append(now, idsA[i])
		} else {
			ops = append(ops, Operation{Op: "remove", Path: place(i)})
		}
	}
	slices.Reverse(now)
	for j, id := range idsB {
		_, known := inA[id]
		switch {
		case !known && isSet(field):
			ops = append(ops, Operation{Op: "add", Path: at + "/-", Value: b[j].raw})
			now = append(now, id)
		case !known:
			ops = append(ops, Operation{Op: "add", Path: place(j), Value: b[j].raw})
			now = slices.Insert(now, j, id)
		case !isSet(field) && now[j] != id:
			from := slices.Index(now, id)
			ops = append(ops, Operation{Op: "move", From: place(from), Path: place(j)})
			now = slices.Insert(slices.Delete(now, from, from+1), j, id)
		}
	}
	for i, id := range now {
		if from, ok := inA[id]; ok {
			ops = patchValue(ops, place(i), field, a[from], b[inB[id]])
		}
	}
	return ops
}

func escape(token string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
}
