package analyze

import (
	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// PlaceInNamespace completes objects read from files the way `kubectl apply`
// would: objects without a namespace get the given one, and those that live
// outside of namespaces lose theirs. An empty namespace leaves objects as they are.
func PlaceInNamespace(objects []*resource.Object, namespace string) {
	for _, o := range objects {
		switch {
		case istio.ClusterScoped(o.GroupKind):
			o.Namespace = ""
		case o.Namespace == "":
			o.Namespace = namespace
		}
	}
}

// Unreadable turns parts of the input that cannot be read into findings.
func Unreadable(problems []*resource.Problem) []Finding {
	findings := make([]Finding, 0, len(problems))
	for _, p := range problems {
		f := found("MSH0001", nil, nil, "%s", p.Message)
		f.Origin = p.Origin
		findings = append(findings, f)
	}
	return findings
}
