package analyze

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func statusConditions() Analyzer {
	return Analyzer{
		Name:  "conditions.ConditionAnalyzer",
		Doc:   "The control plane reports no problem in objects' status",
		Codes: []string{"IST0171"},
		Needs: []schema.GroupKind{istio.AuthorizationPolicy, istio.GRPCRoute, istio.HTTPRoute, istio.K8sGateway, istio.Service, istio.ServiceEntry, istio.WorkloadEntry},

		OfParts:   true,
		Undecoded: true,
		Run: func(m *Mesh) []Finding {
			var findings []Finding
			for _, kind := range []schema.GroupKind{istio.AuthorizationPolicy, istio.GRPCRoute, istio.HTTPRoute, istio.K8sGateway, istio.Service, istio.ServiceEntry, istio.WorkloadEntry} {
				for _, o := range m.Of(kind) {
					for _, c := range negativeConditions(o) {
						findings = append(findings, found("IST0171", o, path("status"), "condition %s: %s (%s)", c.Type, c.Message, c.Reason))
					}
				}
			}
			return findings
		},
	}
}

type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// objectStatus is what the statuses of all kinds have in common; routes have
// conditions for each parent.
type objectStatus struct {
	Conditions []condition                        `json:"conditions"`
	Parents    []struct{ Conditions []condition } `json:"parents"`
	Addresses  []struct{ Value string }           `json:"addresses"`
}

func statusOf(o *resource.Object) (status objectStatus) {
	if raw := o.Raw("status"); raw != nil && json.Unmarshal(raw, &status) != nil {
		return objectStatus{}
	}
	return status
}

// hasAllocatedAddress reports whether the control plane gave a ServiceEntry an address.
func hasAllocatedAddress(o *resource.Object) bool { return len(statusOf(o).Addresses) > 0 }

func negativeConditions(o *resource.Object) []condition {
	status := statusOf(o)
	all := status.Conditions
	if o.GroupKind == istio.HTTPRoute || o.GroupKind == istio.GRPCRoute {
		all = nil
		for _, parent := range status.Parents {
			all = append(all, parent.Conditions...)
		}
	}
	var negative []condition
	for _, c := range all {
		switch {
		case c.Status == "False" && reportsProblem(o.GroupKind, c.Type),
			// Accepted, but not in all parts.
			o.GroupKind == istio.AuthorizationPolicy && c.Type == "WaypointAccepted" && c.Reason == "PartiallyInvalid":
			negative = append(negative, c)
		}
	}
	return negative
}

// reportsProblem reports whether a condition that is False means that something is wrong.
func reportsProblem(kind schema.GroupKind, conditionType string) bool {
	switch kind {
	case istio.Service, istio.ServiceEntry, istio.WorkloadEntry:
		return conditionType == "istio.io/WaypointBound"
	case istio.AuthorizationPolicy:
		return conditionType == "ZtunnelAccepted" || conditionType == "WaypointAccepted"
	}
	return conditionType == "Accepted" || conditionType == "Programmed" || conditionType == "ResolvedRefs"
}
