package analyze

import (
	"fmt"

	"github.com/meshctl/meshctl/internal/resource"
)

// didYouMean is `; did you mean "X"?` for the known name closest to a misspelt one.
func didYouMean(name string, known []string) string {
	if near := resource.Nearest(name, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}
