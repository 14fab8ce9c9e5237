package analyze

import (
	"slices"

	"github.com/meshctl/meshctl/internal/resource"
)

// withoutEchoes drops what is said of a field of which another finding says
// the same in its own words: the CRD beside the semantic check, and our own
// word on deprecated fields and on conflicts beside the peer's codes. A fix is
// kept.
func withoutEchoes(findings []Finding) []Finding {
	type place struct {
		object *resource.Object
		field  string
	}
	invalid := map[*resource.Object][]resource.FieldPath{}
	deprecated := map[place]int{} // findings that our own would repeat
	servers := map[place]bool{}   // that conflict with others
	for i, f := range findings {
		switch f.Code {
		case "IST0106":
			invalid[f.Object] = append(invalid[f.Object], f.Field)
		case "IST0002", "IST0133", "MSH0002":
			deprecated[place{f.Object, f.Field.String()}] = i
		case "IST0145":
			servers[place{f.Object, f.Field[:3].String()}] = true
		}
	}
	echo := make([]bool, len(findings))
	for i, f := range findings {
		switch f.Code {
		case "MSH0003":
			echo[i] = slices.ContainsFunc(invalid[f.Object], func(field resource.FieldPath) bool { return related(field, f.Field) })
		case "MSH0114":
			echo[i] = len(f.Field) > 3 && servers[place{f.Object, f.Field[:3].String()}]
		case "MSH0118":
			var other int
			if other, echo[i] = deprecated[place{f.Object, f.Field.String()}]; echo[i] {
				findings[other].Fix = f.Fix
			}
		}
	}
	kept := findings[:0]
	for i, f := range findings {
		if !echo[i] {
			kept = append(kept, f)
		}
	}
	return kept
}

// related reports whether one path leads to the other.
func related(a, b resource.FieldPath) bool {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
