// Package validation knows the rules for the mesh's own kinds that their CRDs
// do not express: hosts, ports, TLS combinations, durations, header names,
// regular expressions and so on.
package validation

import (
	"fmt"
	"strconv"

	"github.com/meshctl/meshctl/internal/resource"
)

// Codes of problems.
const (
	Invalid     = "IST0106" // the control plane rejects the object
	Doubtful    = "IST0133" // accepted, but probably not what was meant
	Unreachable = "IST0130" // a route that is never taken
	Ineffective = "IST0131" // a match that never decides
)

// Problem is a broken rule.
type Problem struct {
	Code    string
	Field   resource.FieldPath
	Message string
}

// report collects problems.
type report struct {
	problems []Problem
	muted    int // warnings are dropped while it is positive
}

func (r *report) errorf(at resource.FieldPath, format string, args ...any) {
	r.problems = append(r.problems, Problem{Invalid, at, fmt.Sprintf(format, args...)})
}

func (r *report) warnf(at resource.FieldPath, format string, args ...any) {
	if r.muted == 0 {
		r.problems = append(r.problems, Problem{Doubtful, at, fmt.Sprintf(format, args...)})
	}
}

// check records an error, if there is one.
func (r *report) check(at resource.FieldPath, err error) {
	if err != nil {
		r.errorf(at, "%v", err)
	}
}

// withoutWarnings calls f and drops the warnings that it reports: some parts
// of an object are judged by their errors alone.
func (r *report) withoutWarnings(f func()) {
	r.muted++
	defer func() { r.muted-- }()
	f()
}

// sub is a field below another one, named by fields and list indexes.
func sub(at resource.FieldPath, elements ...any) resource.FieldPath {
	for _, e := range elements {
		switch e := e.(type) {
		case int:
			at = at.Child(strconv.Itoa(e))
		case string:
			at = at.Child(e)
		}
	}
	return at
}

// spec is where all fields start.
func spec() resource.FieldPath { return resource.FieldPath{"spec"} }
