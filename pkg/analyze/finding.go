package analyze

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/meshctl/meshctl/internal/resource"
)

// Finding is one thing that is wrong, or likely to be, with an object.
type Finding struct {
	Code     string
	Level    Level
	Message  string
	Object   *resource.Object   // nil if the input itself is at fault
	Field    resource.FieldPath // the offending field; nil if the object as a whole is meant
	Origin   resource.Origin    // place of the field, or of the object
	Hint     string             // what to do about it
	Fix      *Fix               // a safe change that removes the cause, if there is one
	Analyzer string
}

// found is a finding with the level of its code. The engine adds the place.
func found(code string, o *resource.Object, field resource.FieldPath, format string, args ...any) Finding {
	known, _ := Lookup(code)
	return Finding{Code: code, Level: known.Level, Hint: known.Hint, Object: o, Field: field, Message: fmt.Sprintf(format, args...)}
}

// path builds a field path from names and list indexes.
func path(elements ...any) resource.FieldPath {
	p := make(resource.FieldPath, len(elements))
	for i, e := range elements {
		switch e := e.(type) {
		case int:
			p[i] = strconv.Itoa(e)
		case string:
			p[i] = e
		}
	}
	return p
}

// subject names what the finding is about, as in "Gateway shop/web".
func (f Finding) subject() string {
	if f.Object == nil {
		return ""
	}
	return f.Object.Key.String()
}

// Sort puts the worst first, then orders by code, object and place,
// and drops repetitions on one line.
func Sort(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(b.Level, a.Level),
			cmp.Compare(a.Code, b.Code),
			cmp.Compare(a.subject(), b.subject()),
			cmp.Compare(a.Origin.File, b.Origin.File),
			cmp.Compare(a.Origin.Line, b.Origin.Line),
			cmp.Compare(a.Message, b.Message),
			cmp.Compare(a.Origin.Column, b.Origin.Column),
		)
	})
	return slices.CompactFunc(findings, func(a, b Finding) bool {
		return a.Code == b.Code && a.Message == b.Message && a.subject() == b.subject() &&
			a.Origin.File == b.Origin.File && a.Origin.Line == b.Origin.Line
	})
}
