package snapshot

import (
	"bytes"
	"sync"
)

// redactor finds the rules' hints in one pass over a text.
type redactor struct {
	rules []rule
	fold  [256]byte      // letters in lower case
	pairs [1 << 16]uint8 // the number of the bucket for a hint's first two letters; 0 is none
	hints [][]hint       // buckets
}

type hint struct {
	text []byte
	rule uint32 // the bit of its rule
}

var theRedactor = sync.OnceValue(func() *redactor {
	r := &redactor{hints: make([][]hint, 1)}
	r.rules = r.all()
	for i := range r.fold {
		r.fold[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			r.fold[i] += 'a' - 'A'
		}
	}
	for i, rule := range r.rules {
		for _, text := range rule.hints {
			pair := uint16(text[0])<<8 | uint16(text[1])
			if r.pairs[pair] == 0 {
				r.pairs[pair] = uint8(len(r.hints))
				r.hints = append(r.hints, nil)
			}
			bucket := r.pairs[pair]
			r.hints[bucket] = append(r.hints[bucket], hint{[]byte(text), 1 << i})
		}
	}
	return r
})

// next is the place of the first hint from a place on, and the rules that it
// belongs to; -1 if there is none.
func (r *redactor) next(text []byte, from int) (at int, rules uint32) {
	if len(text) == 0 {
		return -1, 0
	}
	last := r.fold[text[min(from, len(text)-1)]]
	for i := from + 1; i < len(text); i++ {
		letter := r.fold[text[i]]
		if bucket := r.pairs[uint16(last)<<8|uint16(letter)]; bucket != 0 {
			for _, h := range r.hints[bucket] {
				if rest := text[i-1:]; len(rest) >= len(h.text) && bytes.EqualFold(rest[:len(h.text)], h.text) {
					rules |= h.rule
				}
			}
			if rules != 0 {
				return i - 1, rules
			}
		}
		last = letter
	}
	return -1, 0
}

// hits are the rules with a hint anywhere in the text.
func (r *redactor) hits(text []byte) (all uint32) {
	for at, rules := r.next(text, 0); at >= 0; at, rules = r.next(text, at+1) {
		all |= rules
	}
	return all
}
