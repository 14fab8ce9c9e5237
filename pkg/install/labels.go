package install

// Labels by which istioctl and its charts mark what belongs to an installation.
const (
	componentLabel = "operator.istio.io/component"
	revisionLabel  = "istio.io/rev"
	tagLabel       = "istio.io/tag"
)
