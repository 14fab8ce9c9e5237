package istio

// Labels that say which control plane and which data plane mode serve a
// namespace or pod.
const (
	RevisionLabel      = "istio.io/rev"
	SidecarInject      = "sidecar.istio.io/inject" // label, and deprecated annotation
	DataplaneModeLabel = "istio.io/dataplane-mode"
	UseWaypointLabel   = "istio.io/use-waypoint"
	GatewayManaged     = "gateway.istio.io/managed"
	GatewayNameLabel   = "gateway.networking.k8s.io/gateway-name"
	AmbientRedirection = "ambient.istio.io/redirection"
	ProxyContainer     = "istio-proxy"
)

// InRevision reports whether an object with these labels is configuration of
// the given revision; objects without a revision belong to all.
func InRevision(labels map[string]string, revision string) bool {
	if revision == "" {
		return true
	}
	have, labelled := labels[RevisionLabel]
	return !labelled || have == revision
}

// InjectorConfigMap is the name of the ConfigMap that configures sidecar
// injection for a revision.
func InjectorConfigMap(revision string) string {
	const name = "istio-sidecar-injector"
	if revision == "" || revision == "default" {
		return name
	}
	return name + "-" + revision
}
