// Package validation knows what makes a single mesh object wrong, whatever
// else is in the mesh: the rules of the control plane's admission webhook
// (hosts, ports, weights, TLS settings, regular expressions, headers ...) and
// the schemas of the CRDs.
package validation

import (
	"google.golang.org/protobuf/proto"
	extensions "istio.io/api/extensions/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	proxyconfig "istio.io/api/networking/v1beta1"
	security "istio.io/api/security/v1beta1"
	telemetry "istio.io/api/telemetry/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// The codes of issues.
const (
	Invalid          = "IST0106" // the control plane refuses the object
	Unreachable      = "IST0130" // a rule of a VirtualService can never apply
	IneffectiveMatch = "IST0131" // a match of a VirtualService is covered by an earlier one
	Doubtful         = "IST0133" // the control plane accepts the object with a warning
)

// Issue is one thing that is wrong with an object.
type Issue struct {
	Code    string
	Path    resource.FieldPath // the offending field; where a field is missing, the object that lacks it
	Message string
}

// Validate applies the semantic rules to an object. Objects of other kinds
// have no issues, and neither have specs that cannot be decoded: wrong types
// and unknown enum values are violations of the CRD's schema.
func Validate(o *resource.Object) []Issue {
	spec := newSpec(o.GroupKind)
	if spec == nil || istio.DecodeSpec(o.Raw("spec"), spec) != nil {
		return nil
	}
	return ValidateSpec(o, spec)
}

// ValidateSpec is Validate for an object whose spec has been decoded already.
func ValidateSpec(o *resource.Object, spec proto.Message) []Issue {
	if !istio.ServedVersion(o.GroupKind, o.Version) {
		return nil
	}
	c := &checker{object: o}
	at := &place{name: "spec"}
	switch spec := spec.(type) {
	case *networking.VirtualService:
		c.virtualService(at, spec)
	case *networking.DestinationRule:
		c.destinationRule(at, spec)
	case *networking.Gateway:
		c.gateway(at, spec)
	case *networking.ServiceEntry:
		c.serviceEntry(at, spec)
	case *networking.Sidecar:
		c.sidecar(at, spec)
	case *networking.EnvoyFilter:
		c.envoyFilter(at, spec)
	case *networking.WorkloadEntry:
		c.workloadEntry(at, spec)
	case *networking.WorkloadGroup:
		c.workloadGroup(at, spec)
	case *proxyconfig.ProxyConfig:
		c.proxyConfig(at, spec)
	case *security.AuthorizationPolicy:
		c.authorizationPolicy(at, spec)
	case *security.PeerAuthentication:
		c.peerAuthentication(at, spec)
	case *security.RequestAuthentication:
		c.requestAuthentication(at, spec)
	case *telemetry.Telemetry:
		c.telemetry(at, spec)
	case *extensions.WasmPlugin:
		c.wasmPlugin(at, spec)
	case *extensions.TrafficExtension:
		c.trafficExtension(at, spec)
	}
	return c.issues
}

// newSpec is an empty spec of a kind, nil for kinds without semantic rules.
func newSpec(kind schema.GroupKind) proto.Message {
	switch kind {
	case istio.VirtualService:
		return &networking.VirtualService{}
	case istio.DestinationRule:
		return &networking.DestinationRule{}
	case istio.Gateway:
		return &networking.Gateway{}
	case istio.ServiceEntry:
		return &networking.ServiceEntry{}
	case istio.Sidecar:
		return &networking.Sidecar{}
	case istio.EnvoyFilter:
		return &networking.EnvoyFilter{}
	case istio.WorkloadEntry:
		return &networking.WorkloadEntry{}
	case istio.WorkloadGroup:
		return &networking.WorkloadGroup{}
	case istio.ProxyConfig:
		return &proxyconfig.ProxyConfig{}
	case istio.AuthorizationPolicy:
		return &security.AuthorizationPolicy{}
	case istio.PeerAuthentication:
		return &security.PeerAuthentication{}
	case istio.RequestAuthentication:
		return &security.RequestAuthentication{}
	case istio.Telemetry:
		return &telemetry.Telemetry{}
	case istio.WasmPlugin:
		return &extensions.WasmPlugin{}
	case istio.TrafficExtension:
		return &extensions.TrafficExtension{}
	}
	return nil
}
