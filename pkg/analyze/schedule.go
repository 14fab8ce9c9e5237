package analyze

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// schedule is the order in which analyzers run. Decoded specs are most of the
// memory that a large mesh takes: analyzers that share a kind run close to
// each other, and when a kind's last one has run its specs go.
type schedule struct {
	order []int // indexes of analyzers

	mu   sync.Mutex
	left map[schema.GroupKind]int // analyzers that have yet to read a kind
}

// newSchedule plans the run of analyzers, given how many objects there are of a kind.
func newSchedule(analyzers []Analyzer, count func(schema.GroupKind) int) *schedule {
	s := &schedule{left: map[schema.GroupKind]int{}}
	var waiting []int
	for i, a := range analyzers {
		if a.Undecoded {
			s.order = append(s.order, i)
			continue
		}
		waiting = append(waiting, i)
		for _, kind := range a.Needs {
			s.left[kind]++
		}
	}
	decoded := map[schema.GroupKind]bool{}
	for len(waiting) > 0 {
		next := cheapest(analyzers, waiting, decoded, count)
		for _, i := range next {
			for _, kind := range analyzers[i].Needs {
				decoded[kind] = true
			}
		}
		s.order = append(s.order, next...)
		waiting = slices.DeleteFunc(waiting, func(i int) bool { return slices.Contains(next, i) })
	}
	return s
}

// cheapest picks from the waiting analyzers all those that read one kind: the
// kind for which the fewest objects have to be decoded until its specs can go.
func cheapest(analyzers []Analyzer, waiting []int, decoded map[schema.GroupKind]bool, count func(schema.GroupKind) int) []int {
	var best []int
	lowest := -1
	tried := map[schema.GroupKind]bool{}
	for _, i := range waiting {
		if len(analyzers[i].Needs) == 0 {
			return []int{i}
		}
		for _, kind := range analyzers[i].Needs {
			if tried[kind] {
				continue
			}
			tried[kind] = true
			var readers []int
			cost, counted := 0, map[schema.GroupKind]bool{}
			for _, j := range waiting {
				if !slices.Contains(analyzers[j].Needs, kind) {
					continue
				}
				readers = append(readers, j)
				for _, k := range analyzers[j].Needs {
					if !decoded[k] && !counted[k] {
						counted[k] = true
						cost += count(k)
					}
				}
			}
			if lowest < 0 || cost < lowest {
				best, lowest = readers, cost
			}
		}
	}
	return best
}

// done notes that an analyzer has run, and gives the kinds that none of the
// others needs.
func (s *schedule) done(a Analyzer) (released []schema.GroupKind) {
	if a.Undecoded {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kind := range a.Needs {
		if s.left[kind]--; s.left[kind] == 0 {
			released = append(released, kind)
		}
	}
	return released
}
