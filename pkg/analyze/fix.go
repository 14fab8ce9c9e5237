package analyze

import "github.com/meshctl/meshctl/internal/resource"

// Fix is a change to an object's text that removes the cause of a finding and
// leaves no doubt: either the object does the same as before, or a name that
// nothing reads becomes the only one that can have been meant.
type Fix struct {
	Description string             `json:"description"`
	Field       resource.FieldPath `json:"-"`
	Value       string             `json:"value,omitempty"`  // the field's new value
	Rename      string             `json:"rename,omitempty"` // and the field's new name; one of the two may be missing
}
