package analyze

import "github.com/meshctl/meshctl/internal/resource"

// Fix is a change to an object's text that removes the cause of a finding
// and cannot change what the object does.
type Fix struct {
	Description string             `json:"description"`
	Field       resource.FieldPath `json:"-"`
	Value       string             `json:"value,omitempty"`  // the field's new value
	Rename      string             `json:"rename,omitempty"` // or the field's new name
}
