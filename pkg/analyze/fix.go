package analyze

// Fix is a change to an object's text that removes the cause of a finding
// and cannot change anything else.
type Fix struct {
	Description string `json:"description"`
}
