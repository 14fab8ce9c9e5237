package analyze

import (
	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func envoyFilterWorkloads() Analyzer {
	return Analyzer{
		Name:  "envoyfilter.WorkloadAnalyzer",
		Doc:   "EnvoyFilters with a selector select workloads",
		Codes: []string{"MSH0119"},
		Needs: []schema.GroupKind{istio.EnvoyFilter, istio.Pod},
		Run: func(m *Mesh) []Finding {
			var findings []Finding
			for _, filter := range specs[networking.EnvoyFilter](m, istio.EnvoyFilter) {
				labels := filter.Spec.GetWorkloadSelector().GetLabels()
				if len(labels) == 0 || !m.knowsWorkloads(filter.Namespace) {
					continue
				}
				selected := m.workloads().selected(filter.Namespace, labels)
				if filter.Namespace == m.RootNamespace() {
					selected = m.workloads().selectedAnywhere(labels)
				}
				if len(selected) == 0 {
					findings = append(findings, found("MSH0119", filter.Object, path("spec", "workloadSelector"),
						"selector %q selects no pod: the filter changes nothing", istio.SelectorString(labels)))
				}
			}
			return findings
		},
	}
}
