// Package analyze finds mistakes and conflicts in the mesh's configuration.
// It takes objects and returns findings; it knows nothing of clusters,
// terminals or flags.
package analyze

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

// Analyzer is one check. Run must not change the mesh, and may run at the
// same time as other analyzers.
type Analyzer struct {
	Name  string
	Doc   string
	Codes []string           // what Run may find
	Needs []schema.GroupKind // what Run reads; a live run lists only these
	// OfParts says that Run may lack some of the objects that it needs: it takes
	// nothing for missing where completeIn does not say so.
	OfParts bool
	// Undecoded says that Run looks at the text of objects, not at their specs.
	Undecoded bool
	Run       func(*Mesh) []Finding
}

// workloadKinds are the kinds that describe what runs, as opposed to how the
// mesh is configured. A fragment of a mesh's configuration says nothing
// about them.
func workloadKinds() []schema.GroupKind {
	return []schema.GroupKind{istio.Namespace, istio.Node, istio.Pod, istio.Secret, istio.Service}
}

// needsWorkloads reports whether the analyzer can say nothing without
// knowing what runs in the mesh.
func (a Analyzer) needsWorkloads() bool {
	return slices.ContainsFunc(workloadKinds(), func(kind schema.GroupKind) bool { return slices.Contains(a.Needs, kind) })
}

// All lists every analyzer, sorted by name.
func All() []Analyzer {
	all := append(schemaAnalyzers(),
		annotationsOfWorkloads(),
		workloadUID(),
		authorizationPolicyPorts(),
		authorizationPolicyTargets(),
		requestAuthenticationBlockedCIDRs(),
		requestAuthenticationKeys(),
		statusConditions(),
		coreStructure(),
		deploymentServices(),
		deprecatedFields(),
		destinationRuleCACertificates(),
		destinationRuleSubsets(),
		envoyFilterPatch(),
		externalControlPlane(),
		gatewayCertificate(),
		gatewayConflict(),
		gatewayPort(),
		gatewayProtocols(),
		gatewaySecret(),
		injectionNamespaces(),
		injectionImage(),
		injectionImageAuto(),
		gatewayAPICRDVersion(),
		gatewayAPISelector(),
		meshNetworks(),
		servicePortName(),
		serviceEntryAddresses(),
		serviceEntryProtocols(),
		multiClusterService(),
		objectStructure(),
		removedKinds(),
		authorizationPolicyShadow(),
		deprecatedValues(),
		destinationRuleDuplicate(),
		envoyFilterWorkloads(),
		gatewayAPIListeners(),
		gatewayAPIReferences(),
		peerAuthenticationTLS(),
		routeVisibility(),
		serviceEntryOverlap(),
		virtualServiceTimeouts(),
		waypoints(),
		sidecarSelector(),
		telemetryDefaultSelector(),
		telemetryLightstep(),
		telemetryProviders(),
		telemetrySelector(),
		virtualServiceMeshHosts(),
		virtualServiceDestinationHost(),
		virtualServiceDestinationRule(),
		virtualServiceGateway(),
		virtualServiceJWTClaims(),
		injectionWebhooks(),
	)
	slices.SortFunc(all, func(a, b Analyzer) int { return strings.Compare(a.Name, b.Name) })
	return all
}
