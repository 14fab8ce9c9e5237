package validation

import (
	"fmt"

	"github.com/google/cel-go/cel"
)

// checkLogFilter checks the syntax of a CEL expression. The environment is
// built anew each time: filters are rare, and building costs a millisecond.
func checkLogFilter(expression string) error {
	env, err := cel.NewEnv()
	if err != nil {
		return fmt.Errorf("preparing to parse CEL: %w", err)
	}
	if _, issues := env.Parse(expression); issues.Err() != nil {
		return fmt.Errorf("%q is not a CEL expression: %w", expression, issues.Err())
	}
	return nil
}
