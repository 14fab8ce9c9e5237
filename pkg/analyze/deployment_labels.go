package analyze

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

// deploymentLabels is for files under review only: on a running mesh it would
// drown everything else.
func deploymentLabels() Analyzer {
	return Analyzer{
		Name:  "deployment.LabelAnalyzer",
		Doc:   "Pods name their application and version for telemetry",
		Codes: []string{"MSH0006"},
		Needs: []schema.GroupKind{istio.Deployment},
		Run:   checkDeploymentLabels,
	}
}

// deploymentSpec is what matters of a Deployment here.
type deploymentSpec struct {
	Template struct {
		Metadata struct {
			Labels      map[string]string `json:"labels"`
			Annotations map[string]string `json:"annotations"`
		} `json:"metadata"`
	} `json:"template"`
}

func checkDeploymentLabels(m *Mesh) []Finding {
	var findings []Finding
	for _, deployment := range views[deploymentSpec](m, istio.Deployment) {
		if deployment.Namespace == m.IstioNamespace {
			continue
		}
		labels := deployment.Spec.Template.Metadata.Labels
		if deployment.Spec.Template.Metadata.Annotations["inject.istio.io/templates"] == "gateway" {
			continue // a gateway is a proxy, not an application
		}
		for _, need := range []struct {
			what string
			keys []string
		}{
			{"application", []string{"app", "app.kubernetes.io/name", "service.istio.io/canonical-name"}},
			{"version", []string{"version", "app.kubernetes.io/version", "service.istio.io/canonical-revision"}},
		} {
			if !hasAny(labels, need.keys) {
				findings = append(findings, found("MSH0006", deployment.Object, path("spec", "template", "metadata", "labels"),
					"the pods do not name their %s for telemetry; set one of the labels %s", need.what, strings.Join(need.keys, ", ")))
			}
		}
	}
	return findings
}

func hasAny(labels map[string]string, keys []string) bool {
	for _, key := range keys {
		if _, ok := labels[key]; ok {
			return true
		}
	}
	return false
}
