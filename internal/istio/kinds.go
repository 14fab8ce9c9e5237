package istio

import "k8s.io/apimachinery/pkg/runtime/schema"

// API groups of the mesh and of what it works on.
const (
	NetworkingGroup = "networking.istio.io"
	SecurityGroup   = "security.istio.io"
	TelemetryGroup  = "telemetry.istio.io"
	ExtensionsGroup = "extensions.istio.io"
	GatewayAPIGroup = "gateway.networking.k8s.io"
)

// Kinds of the mesh's own configuration.
var (
	VirtualService        = schema.GroupKind{Group: NetworkingGroup, Kind: "VirtualService"}
	DestinationRule       = schema.GroupKind{Group: NetworkingGroup, Kind: "DestinationRule"}
	Gateway               = schema.GroupKind{Group: NetworkingGroup, Kind: "Gateway"}
	ServiceEntry          = schema.GroupKind{Group: NetworkingGroup, Kind: "ServiceEntry"}
	Sidecar               = schema.GroupKind{Group: NetworkingGroup, Kind: "Sidecar"}
	EnvoyFilter           = schema.GroupKind{Group: NetworkingGroup, Kind: "EnvoyFilter"}
	WorkloadEntry         = schema.GroupKind{Group: NetworkingGroup, Kind: "WorkloadEntry"}
	WorkloadGroup         = schema.GroupKind{Group: NetworkingGroup, Kind: "WorkloadGroup"}
	ProxyConfig           = schema.GroupKind{Group: NetworkingGroup, Kind: "ProxyConfig"}
	AuthorizationPolicy   = schema.GroupKind{Group: SecurityGroup, Kind: "AuthorizationPolicy"}
	PeerAuthentication    = schema.GroupKind{Group: SecurityGroup, Kind: "PeerAuthentication"}
	RequestAuthentication = schema.GroupKind{Group: SecurityGroup, Kind: "RequestAuthentication"}
	Telemetry             = schema.GroupKind{Group: TelemetryGroup, Kind: "Telemetry"}
	WasmPlugin            = schema.GroupKind{Group: ExtensionsGroup, Kind: "WasmPlugin"}
	TrafficExtension      = schema.GroupKind{Group: ExtensionsGroup, Kind: "TrafficExtension"}
)

// Kinds of the Kubernetes Gateway API.
var (
	K8sGateway       = schema.GroupKind{Group: GatewayAPIGroup, Kind: "Gateway"}
	GatewayClass     = schema.GroupKind{Group: GatewayAPIGroup, Kind: "GatewayClass"}
	HTTPRoute        = schema.GroupKind{Group: GatewayAPIGroup, Kind: "HTTPRoute"}
	GRPCRoute        = schema.GroupKind{Group: GatewayAPIGroup, Kind: "GRPCRoute"}
	TCPRoute         = schema.GroupKind{Group: GatewayAPIGroup, Kind: "TCPRoute"}
	TLSRoute         = schema.GroupKind{Group: GatewayAPIGroup, Kind: "TLSRoute"}
	ReferenceGrant   = schema.GroupKind{Group: GatewayAPIGroup, Kind: "ReferenceGrant"}
	ListenerSet      = schema.GroupKind{Group: GatewayAPIGroup, Kind: "ListenerSet"}
	BackendTLSPolicy = schema.GroupKind{Group: GatewayAPIGroup, Kind: "BackendTLSPolicy"}
)

// Kinds of Kubernetes that the mesh reads.
var (
	Namespace                      = schema.GroupKind{Kind: "Namespace"}
	Node                           = schema.GroupKind{Kind: "Node"}
	Pod                            = schema.GroupKind{Kind: "Pod"}
	Service                        = schema.GroupKind{Kind: "Service"}
	Secret                         = schema.GroupKind{Kind: "Secret"}
	ConfigMap                      = schema.GroupKind{Kind: "ConfigMap"}
	Deployment                     = schema.GroupKind{Group: "apps", Kind: "Deployment"}
	StatefulSet                    = schema.GroupKind{Group: "apps", Kind: "StatefulSet"}
	DaemonSet                      = schema.GroupKind{Group: "apps", Kind: "DaemonSet"}
	CustomResourceDefinition       = schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}
	MutatingWebhookConfiguration   = schema.GroupKind{Group: "admissionregistration.k8s.io", Kind: "MutatingWebhookConfiguration"}
	ValidatingWebhookConfiguration = schema.GroupKind{Group: "admissionregistration.k8s.io", Kind: "ValidatingWebhookConfiguration"}
)

// ClusterScoped reports whether objects of a kind live outside of namespaces.
func ClusterScoped(kind schema.GroupKind) bool {
	switch kind {
	case Namespace, Node, CustomResourceDefinition, GatewayClass, MutatingWebhookConfiguration, ValidatingWebhookConfiguration:
		return true
	case schema.GroupKind{Group: "authentication.istio.io", Kind: "MeshPolicy"},
		schema.GroupKind{Group: "rbac.istio.io", Kind: "ClusterRbacConfig"},
		schema.GroupKind{Kind: "PersistentVolume"},
		schema.GroupKind{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole"},
		schema.GroupKind{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"},
		schema.GroupKind{Group: "scheduling.k8s.io", Kind: "PriorityClass"},
		schema.GroupKind{Group: "storage.k8s.io", Kind: "StorageClass"},
		schema.GroupKind{Group: "storage.k8s.io", Kind: "CSIDriver"}:
		return true
	}
	return false
}

// SystemNamespace reports whether a namespace belongs to Kubernetes itself;
// the mesh leaves these alone.
func SystemNamespace(name string) bool {
	switch name {
	case "kube-system", "kube-public", "kube-node-lease", "local-path-storage":
		return true
	}
	return false
}

// ServedVersion reports whether a kind of the mesh has an API version. Other
// kinds are taken to have it.
func ServedVersion(kind schema.GroupKind, version string) bool {
	switch kind {
	case ProxyConfig:
		return version == "v1beta1"
	case EnvoyFilter:
		return version == "v1alpha3"
	}
	switch kind.Group {
	case NetworkingGroup:
		return version == "v1" || version == "v1beta1" || version == "v1alpha3"
	case SecurityGroup:
		return version == "v1" || version == "v1beta1"
	case TelemetryGroup:
		return version == "v1" || version == "v1alpha1"
	case ExtensionsGroup:
		return version == "v1alpha1"
	}
	return true
}

// ConfigKinds lists the kinds of the mesh's own configuration.
func ConfigKinds() []schema.GroupKind {
	return []schema.GroupKind{
		AuthorizationPolicy, DestinationRule, EnvoyFilter, Gateway, PeerAuthentication, ProxyConfig, RequestAuthentication,
		ServiceEntry, Sidecar, Telemetry, TrafficExtension, VirtualService, WasmPlugin, WorkloadEntry, WorkloadGroup,
	}
}
