package validation

import (
	"fmt"

	"github.com/meshctl/meshctl/internal/resource"
)

// checker collects the issues of one object.
type checker struct {
	object *resource.Object
	issues []Issue

	// The control plane looks at some parts for errors only.
	silentWarnings bool
}

func (c *checker) add(code string, at *place, message string) {
	c.issues = append(c.issues, Issue{Code: code, Path: at.path(), Message: message})
}

// failf reports what the control plane refuses.
func (c *checker) failf(at *place, format string, args ...any) {
	c.add(Invalid, at, fmt.Sprintf(format, args...))
}

// warnf reports what the control plane accepts with a warning.
func (c *checker) warnf(at *place, format string, args ...any) {
	if !c.silentWarnings {
		c.add(Doubtful, at, fmt.Sprintf(format, args...))
	}
}

// must reports err, if there is one, as refused.
func (c *checker) must(at *place, err error) {
	if err != nil {
		c.add(Invalid, at, err.Error())
	}
}

// withoutWarnings runs checks of which only the errors count.
func (c *checker) withoutWarnings(checks func()) {
	before := c.silentWarnings
	c.silentWarnings = true
	checks()
	c.silentWarnings = before
}
