package analyze

import (
	"cmp"
	"encoding/json"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func gatewayAPIReferences() Analyzer {
	return Analyzer{
		Name:  "k8sgateway.ReferenceAnalyzer",
		Doc:   "Routes of the Gateway API refer to gateways and backends that exist and allow it",
		Codes: []string{"MSH0109", "MSH0110", "MSH0111"},
		Needs: []schema.GroupKind{istio.GRPCRoute, istio.HTTPRoute, istio.K8sGateway, istio.ListenerSet, istio.ReferenceGrant, istio.Service, istio.ServiceEntry, istio.TCPRoute, istio.TLSRoute},

		OfParts: true,
		Run:     checkRouteReferences,
	}
}

// route is what all kinds of routes have in common.
type route struct {
	ParentRefs []reference `json:"parentRefs"`
	Rules      []struct {
		BackendRefs []reference `json:"backendRefs"`
	} `json:"rules"`
}

type reference struct {
	Group       *string `json:"group"`
	Kind        *string `json:"kind"`
	Namespace   *string `json:"namespace"`
	Name        string  `json:"name"`
	SectionName *string `json:"sectionName"`
	Port        *int32  `json:"port"`
}

// target completes a reference from an object with the API's defaults.
func (r reference) target(from *resource.Object, kind schema.GroupKind) resource.Key {
	if r.Group != nil {
		kind.Group = *r.Group
	}
	if r.Kind != nil {
		kind.Kind = *r.Kind
	}
	namespace := from.Namespace
	if r.Namespace != nil {
		namespace = *r.Namespace
	}
	return resource.Key{GroupKind: kind, Namespace: namespace, Name: r.Name}
}

func routeKinds() []schema.GroupKind {
	return []schema.GroupKind{istio.GRPCRoute, istio.HTTPRoute, istio.TCPRoute, istio.TLSRoute}
}

func checkRouteReferences(m *Mesh) []Finding {
	var findings []Finding
	grants := referenceGrants(m)
	for _, kind := range routeKinds() {
		for _, r := range views[route](m, kind) {
			for i, parent := range r.Spec.ParentRefs {
				findings = append(findings, checkParent(m, r.Object, parent, path("spec", "parentRefs", i))...)
			}
			for i, rule := range r.Spec.Rules {
				for j, backend := range rule.BackendRefs {
					findings = append(findings, checkBackend(m, grants, r.Object, backend, path("spec", "rules", i, "backendRefs", j))...)
				}
			}
		}
	}
	return findings
}

func checkParent(m *Mesh, o *resource.Object, parent reference, field resource.FieldPath) []Finding {
	target := parent.target(o, istio.K8sGateway)
	switch target.GroupKind {
	case istio.K8sGateway, istio.Service, istio.ServiceEntry, istio.ListenerSet:
	default:
		return nil
	}
	gateway := m.Get(target.GroupKind, target.Namespace, target.Name)
	if gateway == nil {
		if !m.completeIn(target.GroupKind, target.Namespace) {
			return nil
		}
		return []Finding{found("MSH0109", o, field.Child("name"), "%s does not exist: the route is attached to nothing", target)}
	}
	if target.GroupKind != istio.K8sGateway || parent.SectionName == nil {
		return nil
	}
	var spec struct {
		Listeners []struct {
			Name string `json:"name"`
		} `json:"listeners"`
	}
	if json.Unmarshal(orEmpty(gateway.Raw("spec")), &spec) == nil {
		for _, l := range spec.Listeners {
			if l.Name == *parent.SectionName {
				return nil
			}
		}
		return []Finding{found("MSH0109", o, field.Child("sectionName"), "%s has no listener %q", target, *parent.SectionName)}
	}
	return nil
}

func checkBackend(m *Mesh, grants []grant, o *resource.Object, backend reference, field resource.FieldPath) []Finding {
	target := backend.target(o, istio.Service)
	if target.GroupKind != istio.Service {
		return nil
	}
	var findings []Finding
	if target.Namespace != o.Namespace && m.completeIn(istio.ReferenceGrant, target.Namespace) && !granted(grants, o, target) {
		findings = append(findings, found("MSH0111", o, field.Child("namespace"), "no ReferenceGrant in namespace %s allows a %s of namespace %s to refer to Service %s", target.Namespace, o.Kind, o.Namespace, target.Name))
	}
	service := m.Get(istio.Service, target.Namespace, target.Name)
	if service == nil {
		if m.knowsServices(target.Namespace) {
			findings = append(findings, found("MSH0110", o, field.Child("name"), "%s does not exist: requests get 500", target))
		}
		return findings
	}
	var spec serviceSpec
	if backend.Port != nil && json.Unmarshal(orEmpty(service.Raw("spec")), &spec) == nil &&
		!slices.ContainsFunc(spec.Ports, func(p servicePort) bool { return p.Port == *backend.Port }) {
		findings = append(findings, found("MSH0110", o, field.Child("port"), "%s has no port %d: requests get 500", target, *backend.Port))
	}
	return findings
}

// grant allows references from a kind of one namespace to a kind of its own.
type grant struct {
	namespace string
	from      []struct{ Group, Kind, Namespace string }
	to        []struct{ Group, Kind, Name string }
}

func referenceGrants(m *Mesh) []grant {
	type spec struct {
		From []struct{ Group, Kind, Namespace string } `json:"from"`
		To   []struct{ Group, Kind, Name string }      `json:"to"`
	}
	var grants []grant
	for _, g := range views[spec](m, istio.ReferenceGrant) {
		grants = append(grants, grant{g.Namespace, g.Spec.From, g.Spec.To})
	}
	return grants
}

func granted(grants []grant, o *resource.Object, target resource.Key) bool {
	for _, g := range grants {
		if g.namespace != target.Namespace {
			continue
		}
		for _, from := range g.from {
			for _, to := range g.to {
				if from.Group == o.Group && from.Kind == o.Kind && from.Namespace == o.Namespace &&
					to.Group == target.Group && to.Kind == target.Kind && cmp.Or(to.Name, target.Name) == target.Name {
					return true
				}
			}
		}
	}
	return false
}
