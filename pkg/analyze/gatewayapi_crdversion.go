package analyze

import (
	"github.com/Masterminds/semver/v3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func gatewayAPICRDVersion() Analyzer {
	return Analyzer{
		Name:  "k8sgateway.CRDVersionAnalyzer",
		Doc:   "CRDs of the Gateway API are recent enough to be processed",
		Codes: []string{"IST0176"},
		Needs: []schema.GroupKind{istio.CustomResourceDefinition},
		Run:   checkCRDVersions,
	}
}

// minimumBundle is the oldest release of the Gateway API of which Istio 1.31
// reads a kind; "" for kinds of which it reads all.
func minimumBundle(crd string) string {
	switch crd {
	case "grpcroutes.gateway.networking.k8s.io":
		return "1.1.0"
	case "backendtlspolicies.gateway.networking.k8s.io":
		return "1.4.0"
	case "tlsroutes.gateway.networking.k8s.io":
		return "1.5.0"
	case "tcproutes.gateway.networking.k8s.io":
		return "1.6.0"
	}
	return ""
}

func checkCRDVersions(m *Mesh) []Finding {
	const annotation = "gateway.networking.k8s.io/bundle-version"
	var findings []Finding
	for _, o := range m.Of(istio.CustomResourceDefinition) {
		minimum := minimumBundle(o.Name)
		bundle, err := semver.NewVersion(o.Annotations[annotation])
		if minimum == "" || err != nil {
			continue
		}
		release, err := bundle.SetPrerelease("")
		if err == nil && release.LessThan(semver.MustParse(minimum)) {
			findings = append(findings, found("IST0176", o, path("metadata", "annotations", annotation),
				"version %s of CRD %s is older than %s, the oldest that is processed: objects of its kind have no effect", bundle, o.Name, minimum))
		}
	}
	return findings
}
