package analyze

import (
	"slices"
	"strings"
	"sync"
)

// Code is a kind of finding. Codes that start with IST mean what they mean
// in Istio's own analysis; MSH codes are this project's.
type Code struct {
	ID    string
	Level Level
	Name  string
	Title string // what is wrong, in one line
	Hint  string // what to do about it, in one line
}

// catalog is Codes, made once: every finding looks its code up.
var catalog = sync.OnceValue(Codes)

// Codes lists every code, sorted.
func Codes() []Code {
	return []Code{
		{"IST0001", Error, "InternalError", "An analyzer failed.", "Report it with the input that caused it; the other analyzers' findings are complete."},
		{"IST0002", Warning, "Deprecated", "A deprecated type, field or provider is used.", "Use what the message names instead."},
		{"IST0101", Error, "ReferencedResourceNotFound", "Something refers to an object that does not exist.", "Create the object or correct the reference."},
		{"IST0102", Info, "NamespaceNotInjected", "A namespace does not say whether its pods belong to the mesh.", "Label the namespace istio-injection=enabled, istio-injection=disabled or istio.io/dataplane-mode=ambient."},
		{"IST0103", Warning, "PodMissingProxy", "A pod of an injected namespace runs without a sidecar.", "Restart the workload; if the sidecar is still missing, run `check-inject` on the pod."},
		{"IST0106", Error, "SchemaValidationError", "An object is not valid; the control plane rejects or ignores it.", "Correct the field that the message names."},
		{"IST0107", Warning, "MisplacedAnnotation", "An annotation stands on a kind that does not read it.", "Move the annotation to one of the kinds that the message names."},
		{"IST0108", Warning, "UnknownAnnotation", "An annotation of the mesh is not known.", "Check its spelling, or remove it."},
		{"IST0109", Error, "ConflictingMeshGatewayVirtualServiceHosts", "Several VirtualServices configure one host for the sidecars.", "Merge them into one VirtualService."},
		{"IST0110", Error, "ConflictingSidecarWorkloadSelectors", "Several Sidecars select one pod.", "Make the selectors disjoint."},
		{"IST0111", Error, "MultipleSidecarsWithoutWorkloadSelectors", "A namespace has several Sidecars without a selector.", "Keep one, or give the others a workloadSelector."},
		{"IST0112", Error, "VirtualServiceDestinationPortSelectorRequired", "A route does not say which port of a multi-port service it means.", "Set destination.port.number."},
		{"IST0116", Warning, "DeploymentAssociatedToMultipleServices", "Services give one port of a workload different transport protocols.", "Use one protocol, or different port numbers."},
		{"IST0118", Info, "PortNameIsNotUnderNamingConvention", "A port's name does not say which protocol it speaks.", "Name the port <protocol>[-<suffix>], or set appProtocol."},
		{"IST0123", Warning, "NamespaceMultipleInjectionLabels", "A namespace has labels that contradict each other about the data plane.", "Keep one of istio-injection, istio.io/rev and istio.io/dataplane-mode."},
		{"IST0125", Warning, "InvalidAnnotation", "An annotation has a value that cannot be used.", "Correct the value."},
		{"IST0126", Error, "UnknownMeshNetworksServiceRegistry", "Mesh networks refer to a cluster that is not known.", "Use the name under which the cluster's remote secret is stored."},
		{"IST0127", Warning, "NoMatchingWorkloadsFound", "A policy applies to no workload.", "Correct the selector or the namespace, or delete the policy."},
		{"IST0128", Warning, "NoServerCertificateVerificationDestinationLevel", "TLS to a host is set up without a CA to verify the server with.", "Set caCertificates, or credentialName with a workloadSelector."},
		{"IST0129", Warning, "NoServerCertificateVerificationPortLevel", "TLS to a port is set up without a CA to verify the server with.", "Set caCertificates for the port, or credentialName with a workloadSelector."},
		{"IST0130", Warning, "VirtualServiceUnreachableRule", "A route can never be taken.", "Remove the rule, or put it before the one that takes its requests."},
		{"IST0131", Info, "VirtualServiceIneffectiveMatch", "A match condition can never decide anything.", "Remove the match, or put its rule first."},
		{"IST0132", Warning, "VirtualServiceHostNotFoundInGateway", "A VirtualService has no host that its gateway serves.", "Add the host to a server of the gateway, or correct the VirtualService's hosts."},
		{"IST0133", Warning, "SchemaWarning", "An object is accepted but probably not what was meant.", "See the message."},
		{"IST0134", Warning, "ServiceEntryAddressesRequired", "A TCP service without an address cannot be told from others.", "Set addresses, or enable automatic allocation."},
		{"IST0135", Info, "DeprecatedAnnotation", "An annotation is deprecated.", "Use what replaces it."},
		{"IST0136", Info, "AlphaAnnotation", "An annotation belongs to an experimental feature.", "Expect it to change."},
		{"IST0137", Warning, "DeploymentConflictingPorts", "Services send different ports to one target port of a workload.", "Give each its own target port."},
		{"IST0138", Warning, "GatewayDuplicateCertificate", "Gateways share a certificate, so that browsers reuse connections across them and get 404s.", "Use one Gateway, or one certificate each."},
		{"IST0139", Error, "InvalidWebhook", "An injection webhook is broken.", "Correct or delete the webhook configuration; leftovers of old revisions are the usual cause."},
		{"IST0140", Warning, "IngressRouteRulesNotAffected", "A subset chosen for calls inside the mesh does not count for requests through a gateway.", "Set the subset in the VirtualService that is bound to the gateway as well."},
		{"IST0141", Error, "InsufficientPermissions", "A permission that installing needs is missing.", "Ask for the permission."},
		{"IST0142", Error, "UnsupportedKubernetesVersion", "The cluster is too old.", "Upgrade Kubernetes."},
		{"IST0143", Error, "LocalhostListener", "A port of a Service listens on localhost only.", "Listen on 0.0.0.0 or the pod's address."},
		{"IST0144", Warning, "InvalidApplicationUID", "A container runs as user 1337, whose traffic passes the sidecar by.", "Choose another user id."},
		{"IST0145", Error, "ConflictingGateways", "Gateways serve one host on one port of the same proxies.", "Merge the servers, or use different hosts or ports."},
		{"IST0146", Warning, "ImageAutoWithoutInjectionWarning", "A workload waits for an injection that does not take place.", "Label the namespace or the pod template for injection."},
		{"IST0147", Error, "ImageAutoWithoutInjectionError", "A pod waits for an injection that did not take place.", "Recreate the pod where injection is enabled."},
		{"IST0148", Info, "NamespaceInjectionEnabledByDefault", "A namespace is injected only because injection is on by default.", "Label the namespace to say so."},
		{"IST0149", Error, "JwtClaimBasedRoutingWithoutRequestAuthN", "Routing by JWT claims without a RequestAuthentication at the gateway.", "Add a RequestAuthentication that selects the gateway's pods."},
		{"IST0150", Warning, "ExternalNameServiceTypeInvalidPortName", "An ExternalName service has a port that captures other traffic.", "Name the port after its protocol; tcp is not usable here."},
		{"IST0151", Warning, "EnvoyFilterUsesRelativeOperation", "An EnvoyFilter depends on the order in which filters are applied.", "Set priority, or use ADD or INSERT_FIRST."},
		{"IST0152", Error, "EnvoyFilterUsesReplaceOperationIncorrectly", "An EnvoyFilter replaces what cannot be replaced.", "Use REPLACE with HTTP_FILTER or NETWORK_FILTER only."},
		{"IST0153", Error, "EnvoyFilterUsesAddOperationIncorrectly", "An EnvoyFilter adds what cannot be added.", "Use MERGE for ROUTE_CONFIGURATION and HTTP_ROUTE."},
		{"IST0154", Error, "EnvoyFilterUsesRemoveOperationIncorrectly", "An EnvoyFilter removes what cannot be removed.", "Routes cannot be removed; change them where they are defined."},
		{"IST0155", Warning, "EnvoyFilterUsesRelativeOperationWithProxyVersion", "An EnvoyFilter may stop to apply during an upgrade.", "Set priority, or use ADD or INSERT_FIRST."},
		{"IST0156", Error, "UnsupportedGatewayAPIVersion", "The Gateway API's CRDs are too old.", "Upgrade the CRDs."},
		{"IST0157", Warning, "InvalidTelemetryProvider", "Access logging without a provider is ignored.", "Name a provider, or set mesh default providers."},
		{"IST0158", Warning, "PodsIstioProxyImageMismatchInNamespace", "Pods run another proxy image than injection would give them.", "Restart their workloads."},
		{"IST0159", Error, "ConflictingTelemetryWorkloadSelectors", "Several Telemetries select one pod.", "Make the selectors disjoint."},
		{"IST0160", Error, "MultipleTelemetriesWithoutWorkloadSelectors", "A namespace has several Telemetries without a selector.", "Keep one, or give the others a selector."},
		{"IST0161", Error, "InvalidGatewayCredential", "A gateway's credential is not a usable certificate and key.", "Store a matching, unexpired certificate and key in the Secret."},
		{"IST0162", Warning, "GatewayPortNotDefinedOnService", "A gateway listens on a port that no Service leads to.", "Add the port to the gateway's Service."},
		{"IST0163", Warning, "InvalidExternalControlPlaneConfig", "The address of an external control plane cannot be used.", "Correct the webhook's URL."},
		{"IST0164", Info, "ExternalControlPlaneAddressIsNotAHostname", "An external control plane is reached by IP address.", "Use a host name in production."},
		{"IST0165", Warning, "ReferencedInternalGateway", "A VirtualService refers to a gateway that the control plane generated for itself.", "Use an HTTPRoute with a parentRef to the Gateway API gateway."},
		{"IST0166", Warning, "IneffectiveSelector", "A selector has no effect on a Gateway API gateway.", "Use targetRefs."},
		{"IST0167", Warning, "IneffectivePolicy", "A policy has no effect where it applies.", "See the message."},
		{"IST0168", Warning, "UnknownUpgradeCompatibility", "A changed default may matter.", "See the message."},
		{"IST0169", Warning, "UpdateIncompatibility", "A changed default matters.", "See the message."},
		{"IST0170", Warning, "MultiClusterInconsistentService", "A Service differs between clusters.", "Give it the same type and ports everywhere."},
		{"IST0171", Warning, "NegativeConditionStatus", "The control plane reports a problem in an object's status.", "See the condition's message."},
		{"IST0172", Warning, "FutureUnsupportedGatewayAPIVersion", "The Gateway API's CRDs will soon be too old.", "Upgrade the CRDs."},
		{"IST0173", Error, "DestinationRuleSubsetNotSelectPods", "A subset has no pods, so that its routes answer 503.", "Correct the subset's labels, or deploy the version."},
		{"IST0174", Warning, "UnknownDestinationRuleHost", "A DestinationRule is about a host that the mesh does not know.", "Correct the host, or add the Service or ServiceEntry."},
		{"IST0175", Warning, "JwksUriFetchUnrestricted", "The control plane may be made to fetch keys from anywhere.", "Set BLOCKED_CIDRS_IN_JWKS_URIS on istiod."},
		{"IST0176", Warning, "GatewayAPICRDVersionBelowMinimum", "A Gateway API CRD is too old for its kind to be processed.", "Upgrade the Gateway API CRDs."},
		{"IST0177", Warning, "ConflictingServiceEntryProtocol", "ServiceEntries give one port of a host different protocols.", "Use one protocol for the port."},
		{"MSH0001", Error, "UnreadableInput", "A document cannot be read.", "Correct the document at the place named."},
		{"MSH0002", Error, "UnknownField", "A field does not exist, so that its setting is lost.", "Check the spelling and where the field belongs."},
		{"MSH0003", Error, "SchemaViolation", "The API server would reject the object.", "Correct the value."},
		{"MSH0004", Error, "UnknownVersion", "An API version does not exist, so that the object cannot be applied.", "Use v1, or the version that `kubectl api-versions` lists."},
		{"MSH0005", Warning, "IgnoreRuleExpired", "A rule that ignores findings is over.", "Repair what it hid, or give the rule another day."},
		{"MSH0006", Warning, "MissingTelemetryLabels", "Pods do not name their application or version.", "Set the labels app and version on the pod template."},
		{"MSH0101", Error, "RemovedKind", "A kind of an old mesh is not read any more.", "Write what the message names instead."},
		{"MSH0102", Warning, "DuplicateDestinationRule", "A host has several DestinationRules, maybe under a short and a full name.", "Merge them into one DestinationRule."},
		{"MSH0103", Warning, "RetriesBeyondTimeout", "The tries of a route do not fit into its timeout.", "Raise timeout, or lower attempts or perTryTimeout."},
		{"MSH0104", Warning, "FaultForEverybody", "A fault is injected into ordinary requests.", "Remove the fault, or limit it to test requests by a header."},
		{"MSH0105", Warning, "ServiceEntryOverlapsService", "A ServiceEntry has the host of a Service.", "Give the ServiceEntry another host."},
		{"MSH0106", Warning, "PointlessPolicy", "An AuthorizationPolicy decides nothing because of another one.", "Remove one of them, or limit the other by a selector or by rules."},
		{"MSH0107", Error, "TLSConflict", "Clients do not use the mTLS that servers insist on.", "Use mode ISTIO_MUTUAL, or remove the tls settings."},
		{"MSH0108", Warning, "ClientOutsideMesh", "A workload without a sidecar lives among workloads that insist on mTLS.", "Inject it, or use mode PERMISSIVE until it is."},
		{"MSH0109", Error, "RouteWithoutParent", "A route of the Gateway API is attached to a gateway that does not exist.", "Correct parentRefs, or create the Gateway."},
		{"MSH0110", Error, "RouteWithoutBackend", "A route of the Gateway API leads to a Service or port that does not exist.", "Correct backendRefs, or create the Service."},
		{"MSH0111", Error, "ReferenceNotGranted", "A route refers to another namespace without its permission.", "Create a ReferenceGrant in the namespace of the backend."},
		{"MSH0112", Error, "MissingWaypoint", "A label names a waypoint that does not exist.", "Create the waypoint (`waypoint apply`), or remove the label."},
		{"MSH0113", Warning, "UnusedWaypoint", "Nothing uses a waypoint.", "Label the namespace or service istio.io/use-waypoint, or delete the waypoint."},
		{"MSH0114", Error, "ListenerConflict", "Gateways or listeners of the same proxies contradict each other.", "Give them different ports or hostnames, and one protocol a port."},
		{"MSH0115", Error, "HostNotExported", "A route leads to a host that is not visible from its namespace.", "Add the namespace to the host's exportTo."},
		{"MSH0116", Error, "HostNotImported", "A Sidecar hides the host that a route leads to.", "Add the host to the Sidecar's egress hosts."},
		{"MSH0117", Info, "OldAPIVersion", "An old name of an API version is used.", "Write v1."},
		{"MSH0118", Warning, "DeprecatedValue", "A deprecated field or value is used.", "Use what the message names instead."},
		{"MSH0119", Warning, "EnvoyFilterMatchesNothing", "An EnvoyFilter, or one of its patches, matches nothing.", "Correct the selector or the match, or delete the patch."},
		{"MSH0120", Warning, "PolicyPortNotServed", "An AuthorizationPolicy is about a port that no workload has.", "Name the port of the pod, not that of the Service."},
		{"MSH0121", Info, "KeysWithoutTLS", "The keys of a JWT rule are fetched over plain HTTP.", "Use an https address, or put the keys into jwks."},
	}
}

// Lookup finds a code by its id, in any case.
func Lookup(id string) (Code, bool) {
	codes := catalog()
	i, ok := slices.BinarySearchFunc(codes, strings.ToUpper(id), func(c Code, id string) int { return strings.Compare(c.ID, id) })
	if !ok {
		return Code{}, false
	}
	return codes[i], true
}
