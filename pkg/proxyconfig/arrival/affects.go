package arrival

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// Scope says which proxies an object can have a meaning for. What the configuration of
// such a proxy makes of it is istiod's business: a proxy too many does no harm, it is
// just found to be up to date.
type Scope struct {
	namespaces []string // istio.ExportedToAll alone is all of them
	labels     map[string]string
}

// Contains tells whether the proxy of a pod is meant.
func (s Scope) Contains(pod *corev1.Pod) bool {
	if !istio.Selects(s.labels, pod.Labels) {
		return false
	}
	for _, namespace := range s.namespaces {
		if namespace == istio.ExportedToAll || namespace == pod.Namespace {
			return true
		}
	}
	return false
}

// spec has the fields by which objects choose the workloads that they are for.
type spec struct {
	Selector         selector `json:"selector"`
	WorkloadSelector selector `json:"workloadSelector"`
	ExportTo         []string `json:"exportTo"`
	TargetRefs       []target `json:"targetRefs"`
	TargetRef        *target  `json:"targetRef"`
}

// selector takes the three forms in use: matchLabels, labels and the labels themselves.
type selector map[string]string

// UnmarshalJSON passes over what is no selector of labels.
func (s *selector) UnmarshalJSON(raw []byte) error {
	var nested struct {
		MatchLabels map[string]string `json:"matchLabels"`
		Labels      map[string]string `json:"labels"`
	}
	if json.Unmarshal(raw, &nested) == nil && (nested.MatchLabels != nil || nested.Labels != nil) {
		*s = nested.MatchLabels
		if *s == nil {
			*s = nested.Labels
		}
		return nil
	}
	var plain map[string]string
	if json.Unmarshal(raw, &plain) == nil {
		*s = plain
	}
	return nil
}

type target struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// ScopeOf finds the proxies that an object is for. Policies in the root namespace (that
// of the control plane) are for all namespaces.
func ScopeOf(o *resource.Object, root string) Scope {
	var s struct {
		Spec spec `json:"spec"`
	}
	_ = json.Unmarshal(o.JSON, &s) // an object without a spec that can be read is for all
	everywhere := Scope{namespaces: []string{istio.ExportedToAll}}
	own := Scope{namespaces: []string{o.Namespace}}
	switch o.GroupKind {
	case istio.VirtualService, istio.DestinationRule, istio.ServiceEntry:
		return Scope{namespaces: istio.ExportScopes(s.Spec.ExportTo, o.Namespace)}
	case istio.Gateway:
		everywhere.labels = s.Spec.Selector
		return everywhere
	case istio.K8sGateway:
		own.labels = map[string]string{istio.GatewayNameLabel: o.Name}
		return own
	case istio.AuthorizationPolicy, istio.PeerAuthentication, istio.RequestAuthentication, istio.Telemetry,
		istio.WasmPlugin, istio.TrafficExtension, istio.EnvoyFilter, istio.Sidecar, istio.ProxyConfig:
		scope := own
		if o.Namespace == root {
			scope = everywhere
		}
		for _, labels := range []selector{s.Spec.Selector, s.Spec.WorkloadSelector} {
			if len(labels) > 0 {
				scope.labels = labels
			}
		}
		if s.Spec.TargetRef != nil {
			s.Spec.TargetRefs = append(s.Spec.TargetRefs, *s.Spec.TargetRef)
		}
		if len(s.Spec.TargetRefs) == 1 && s.Spec.TargetRefs[0].Kind == "Gateway" {
			scope.labels = map[string]string{istio.GatewayNameLabel: s.Spec.TargetRefs[0].Name}
		}
		return scope
	}
	return everywhere
}

// onlyConfigz tells that istiod lists all objects of a kind, so that one which is not
// listed has not been read.
func onlyConfigz(c Change) bool {
	switch c.GroupKind {
	case istio.ProxyConfig, istio.WorkloadGroup, istio.WorkloadEntry:
		return false
	}
	return c.Group == istio.NetworkingGroup || c.Group == istio.SecurityGroup || c.Group == istio.TelemetryGroup || c.Group == istio.ExtensionsGroup
}
