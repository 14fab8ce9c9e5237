package diff

import (
	"slices"
	"sort"
)

// outOfOrder gives the elements that two orders of the same elements disagree on:
// as few as possible, and the same whichever of the two comes first.
func outOfOrder(a, b []string) map[string]bool {
	if slices.Compare(a, b) > 0 {
		a, b = b, a
	}
	place := make(map[string]int, len(b))
	for i, id := range b {
		place[id] = i
	}
	// The longest rising sequence of places stays; the rest has moved.
	var tails []int // of each length, the index in a of the smallest last element
	before := make([]int, len(a))
	for i, id := range a {
		at := sort.Search(len(tails), func(k int) bool { return place[a[tails[k]]] >= place[id] })
		before[i] = -1
		if at > 0 {
			before[i] = tails[at-1]
		}
		if at == len(tails) {
			tails = append(tails, i)
		} else {
			tails[at] = i
		}
	}
	moved := make(map[string]bool)
	for _, id := range a {
		moved[id] = true
	}
	if len(tails) > 0 {
		for i := tails[len(tails)-1]; i >= 0; i = before[i] {
			delete(moved, a[i])
		}
	}
	return moved
}
