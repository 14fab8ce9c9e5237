package analyze

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze/crd"
)

func objectStructure() Analyzer {
	return Analyzer{
		Name:  "schema.StructureAnalyzer",
		Doc:   "Objects fit the CRDs of their kinds: fields, types, allowed values",
		Codes: []string{"MSH0002", "MSH0003", "MSH0004"},
		Needs: structuredKinds(),

		Undecoded: true,
		Run: func(m *Mesh) []Finding {
			schemas := m.Schemas
			if schemas == nil {
				schemas = crd.Embedded() // and let go of afterwards
			}
			findings := checkVersions(m)
			for _, kind := range structuredKinds() {
				objects := m.Of(kind)
				if kind.Group == istio.GatewayAPIGroup {
					// Which release of the Gateway API a cluster has is not known: versions that
					// only others have are left alone.
					objects = slices.DeleteFunc(slices.Clone(objects), func(o *resource.Object) bool {
						return !schemas.KnowsVersion(o.GroupKind.WithVersion(o.Version))
					})
				}
				found := make([][]Finding, len(objects))
				resource.Parallel(len(objects), func(i int) { found[i] = checkStructure(schemas, objects[i]) })
				for _, f := range found {
					findings = append(findings, f...)
				}
			}
			return findings
		},
	}
}

// structuredKinds are the kinds of which there are CRDs.
func structuredKinds() []schema.GroupKind {
	return append(istio.ConfigKinds(), istio.BackendTLSPolicy, istio.GatewayClass, istio.GRPCRoute, istio.HTTPRoute,
		istio.K8sGateway, istio.ListenerSet, istio.ReferenceGrant, istio.TCPRoute, istio.TLSRoute)
}

// checkVersions reports objects of the mesh's kinds with an API version that
// does not exist. Nothing else looks at them.
func checkVersions(m *Mesh) []Finding {
	var findings []Finding
	for _, o := range m.unserved {
		findings = append(findings, found("MSH0004", o, path("apiVersion"), "kind %s has no API version %q", o.Kind, o.APIVersion()))
	}
	return findings
}

func checkStructure(schemas *crd.Schemas, o *resource.Object) []Finding {
	problems, err := schemas.Check(context.Background(), o)
	if err != nil {
		return []Finding{found("IST0001", o, nil, "checking against the CRD: %v", err)}
	}
	var findings []Finding
	for _, p := range problems {
		if p.Unknown {
			name := p.Field[len(p.Field)-1]
			f := found("MSH0002", o, p.Field, "%s%s", p.Message, didYouMean(name, p.Known))
			f.Fix = spellingFix(o, p.Field, p.Known)
			findings = append(findings, f)
			continue
		}
		findings = append(findings, found("MSH0003", o, p.Field, "%s: %s", p.Field, p.Message))
	}
	return findings
}
