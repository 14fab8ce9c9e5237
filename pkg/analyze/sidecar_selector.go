package analyze

import (
	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func sidecarSelector() Analyzer {
	return Analyzer{
		Name:  "sidecar.SelectorAnalyzer",
		Doc:   "Sidecars select pods with a sidecar, each pod once",
		Codes: []string{"IST0101", "IST0110", "IST0111", "IST0167"},
		Needs: []schema.GroupKind{istio.Namespace, istio.Pod, istio.Sidecar},

		OfParts: true,
		Run:     checkSidecarSelectors,
	}
}

func checkSidecarSelectors(m *Mesh) []Finding {
	var policies []selectingPolicy
	defaults := map[string][]*resource.Object{}
	for _, s := range specs[networking.Sidecar](m, istio.Sidecar) {
		if labels := s.Spec.GetWorkloadSelector().GetLabels(); len(labels) > 0 {
			policies = append(policies, selectingPolicy{s.Object, labels, path("spec", "workloadSelector", "labels")})
		} else {
			defaults[s.Namespace] = append(defaults[s.Namespace], s.Object)
		}
	}
	findings, selectedBy := matchPolicies(m, policies)
	ambient := map[*resource.Object]bool{}
	withoutEffect := func(o *resource.Object, where string) {
		if !ambient[o] {
			ambient[o] = true
			findings = append(findings, found("IST0167", o, path("metadata", "name"), "%s is in ambient mode, where there is no sidecar to configure", where))
		}
	}
	for _, w := range selectedBy.order {
		if w.inAmbientMode() {
			for _, o := range selectedBy.policies[w] {
				withoutEffect(o, "the selected "+w.Key.String())
			}
			continue
		}
		findings = append(findings, doubleSelection("IST0110", "Sidecars", w, selectedBy.policies[w])...)
	}
	for namespace, objects := range defaults {
		if namespaceInAmbientMode(m.namespaces()[namespace]) {
			for _, o := range objects {
				withoutEffect(o, "the namespace")
			}
			delete(defaults, namespace)
		}
	}
	return append(findings, severalDefaults("IST0111", "Sidecars", defaults)...)
}
