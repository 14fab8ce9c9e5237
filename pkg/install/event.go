package install

// EventType says what an Event tells of.
type EventType string

// The events of an installation or removal.
const (
	Started EventType = "started" // a component
	Applied EventType = "applied"
	Deleted EventType = "deleted"
	Waiting EventType = "waiting" // for an object, with the reason
	Ready   EventType = "ready"   // a component
	Failed  EventType = "failed"
)

// Event is one piece of progress.
type Event struct {
	Type      EventType `json:"type"`
	Component string    `json:"component,omitempty"`
	Object    string    `json:"object,omitempty"`
	Message   string    `json:"message,omitempty"`
}
