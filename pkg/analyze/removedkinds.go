package analyze

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func removedKinds() Analyzer {
	return Analyzer{
		Name:  "removed.KindAnalyzer",
		Doc:   "Objects are of kinds that the mesh still reads",
		Codes: []string{"MSH0101"},
		Run:   checkRemovedKinds,
	}
}

func checkRemovedKinds(m *Mesh) []Finding {
	var findings []Finding
	for _, kind := range m.Kinds() {
		instead := replacementOf(kind)
		if instead == "" {
			continue
		}
		for _, o := range m.Of(kind) {
			findings = append(findings, found("MSH0101", o, path("kind"), "kind %s of %s has not been read since Istio %s", kind.Kind, kind.Group, instead))
		}
	}
	return findings
}

// replacementOf says until when kinds of old meshes were read, and what does their work now.
func replacementOf(kind schema.GroupKind) string {
	switch kind.Group {
	case "authentication.istio.io":
		if kind.Kind == "MeshPolicy" {
			return "1.6: write a PeerAuthentication in the root namespace (and a RequestAuthentication for its origins)"
		}
		return "1.6: write a PeerAuthentication (and a RequestAuthentication for its origins)"
	case "rbac.istio.io":
		return "1.6: write AuthorizationPolicies"
	case "config.istio.io":
		return "1.8: Mixer is gone; write a Telemetry, an AuthorizationPolicy or an EnvoyFilter for rate limits"
	}
	return ""
}
