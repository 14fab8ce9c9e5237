package analyze

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/meshctl/meshctl/internal/resource"
)

// correctedName is what a misspelt name was meant to be, if that is beyond
// doubt: one known name, and no other, is one slip of the keyboard away.
func correctedName(name string, known []string) string {
	const shortest = 4 // of shorter names too many are alike
	corrected := ""
	for _, k := range known {
		if len(name) < shortest || resource.Distance(strings.ToLower(name), strings.ToLower(k)) > 1 {
			continue
		}
		if corrected != "" {
			return ""
		}
		corrected = k
	}
	return corrected
}

// spellingFix renames the field at a path. There is none if the object has
// the other field too.
func spellingFix(o *resource.Object, field resource.FieldPath, known []string) *Fix {
	name := correctedName(field[len(field)-1], known)
	if name == "" {
		return nil
	}
	var at any
	if json.Unmarshal(o.JSON, &at) != nil {
		return nil
	}
	for _, element := range field[:len(field)-1] {
		at = childOf(at, element)
	}
	if siblings, ok := at.(map[string]any); !ok || siblings[name] != nil {
		return nil
	}
	return &Fix{Description: "rename it to " + name, Field: slices.Clone(field), Rename: name}
}

func childOf(value any, element string) any {
	switch value := value.(type) {
	case map[string]any:
		return value[element]
	case []any:
		for i, item := range value {
			if resource.Index(i) == element {
				return item
			}
		}
	}
	return nil
}
