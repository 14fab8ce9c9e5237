package istio

// InjectionLabel is the Namespace label that turns injection by the default
// revision on and off; istio.io/rev chooses another revision.
const (
	InjectionLabel    = "istio-injection"
	InjectionEnabled  = "enabled"
	InjectionDisabled = "disabled"
)
