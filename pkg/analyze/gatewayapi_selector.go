package analyze

import (
	"google.golang.org/protobuf/proto"
	extensions "istio.io/api/extensions/v1alpha1"
	security "istio.io/api/security/v1beta1"
	telemetry "istio.io/api/telemetry/v1alpha1"
	typev1beta1 "istio.io/api/type/v1beta1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func gatewayAPISelector() Analyzer {
	return Analyzer{
		Name:  "k8sgateway.SelectorAnalyzer",
		Doc:   "Policies for Gateway API gateways use targetRefs",
		Codes: []string{"IST0166"},
		Needs: []schema.GroupKind{istio.AuthorizationPolicy, istio.Pod, istio.RequestAuthentication, istio.Telemetry, istio.WasmPlugin},

		OfParts: true,
		Run: func(m *Mesh) []Finding {
			gateways := &workloadTable{byNamespace: map[string][]*workload{}, byLabel: map[labelKey][]*workload{}}
			for _, w := range m.workloads().all {
				if _, ok := w.Labels[istio.GatewayNameLabel]; ok {
					gateways.add(w)
				}
			}
			findings := ineffectiveSelectors(gateways, specs[security.AuthorizationPolicy](m, istio.AuthorizationPolicy))
			findings = append(findings, ineffectiveSelectors(gateways, specs[security.RequestAuthentication](m, istio.RequestAuthentication))...)
			findings = append(findings, ineffectiveSelectors(gateways, specs[telemetry.Telemetry](m, istio.Telemetry))...)
			return append(findings, ineffectiveSelectors(gateways, specs[extensions.WasmPlugin](m, istio.WasmPlugin))...)
		},
	}
}

// attachedPolicy is what all kinds with a selector or targetRefs have in common.
type attachedPolicy interface {
	proto.Message
	GetSelector() *typev1beta1.WorkloadSelector
	GetTargetRef() *typev1beta1.PolicyTargetReference
}

func ineffectiveSelectors[T any, P interface {
	*T
	attachedPolicy
}](gateways *workloadTable, policies []typed[T]) []Finding {
	var findings []Finding
	for _, policy := range policies {
		spec := P(policy.Spec)
		if spec.GetTargetRef() != nil || spec.GetSelector() == nil {
			continue
		}
		for _, w := range gateways.selected(policy.Namespace, spec.GetSelector().GetMatchLabels()) {
			findings = append(findings, found("IST0166", policy.Object, path("spec", "selector"),
				"the selector selects pods of gateway %q, for which selectors do not count", w.Labels[istio.GatewayNameLabel]))
		}
	}
	return findings
}
