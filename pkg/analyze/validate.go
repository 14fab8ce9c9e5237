package analyze

import (
	"slices"
	"strings"
)

// Validators are the analyzers that judge each object by itself: schema,
// semantic rules, names of ports. Their verdicts are those of a full analysis.
func Validators() []Analyzer {
	return slices.DeleteFunc(All(), func(a Analyzer) bool {
		return !strings.HasPrefix(a.Name, "schema.") && a.Name != servicePortName().Name && a.Name != removedKinds().Name
	})
}
