package validation

import (
	"fmt"
	"regexp"
)

// maxRegex is the longest expression that the control plane passes on to
// Envoy; it stands for Envoy's limit on the compiled size.
const maxRegex = 1024

// regex checks an expression in RE2 syntax.
func regex(expression string) error {
	if len(expression) > maxRegex {
		return fmt.Errorf("the regular expression is longer than %d characters", maxRegex)
	}
	if _, err := regexp.Compile(expression); err != nil {
		return fmt.Errorf("not a regular expression in RE2 syntax: %w", err)
	}
	return nil
}
