package trace

// truth is an answer that may be unknown.
type truth int

const (
	no truth = iota
	unknown
	yes
)

func is(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth { return yes - t }

// all is yes if all are; one no is enough for a no, whatever is unknown.
func all[T any](items []T, f func(T) truth) truth {
	out := yes
	for _, item := range items {
		out = min(out, f(item))
	}
	return out
}

// any1 is yes if one is.
func any1[T any](items []T, f func(T) truth) truth {
	out := no
	for _, item := range items {
		out = max(out, f(item))
	}
	return out
}
