package analyze

import (
	"maps"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func destinationRuleSubsets() Analyzer {
	return Analyzer{
		Name:  "destinationrule.SubsetSelectPodAnalyzer",
		Doc:   "Hosts of DestinationRules exist and their subsets have pods",
		Codes: []string{"IST0173", "IST0174"},
		Needs: []schema.GroupKind{istio.DestinationRule, istio.Node, istio.Pod, istio.Service, istio.ServiceEntry},
		Run:   checkSubsets,
	}
}

func checkSubsets(m *Mesh) []Finding {
	located := locatedWorkloads(m)
	var findings []Finding
	for _, rule := range specs[networking.DestinationRule](m, istio.DestinationRule) {
		target := m.destination(rule.Spec.GetHost(), rule.Namespace, rule.Spec.GetExportTo())
		if target == nil {
			if m.knowsHost(rule.Spec.GetHost(), rule.Namespace) {
				findings = append(findings, found("IST0174", rule.Object, path("spec", "host"),
					"host %q is not known: no Service or ServiceEntry defines it", rule.Spec.GetHost()))
			}
			continue
		}
		if len(rule.Spec.GetSubsets()) == 0 || !m.complete(istio.Pod) {
			continue
		}
		for i, subset := range rule.Spec.GetSubsets() {
			selector := map[string]string{}
			maps.Copy(selector, target.selector)
			maps.Copy(selector, subset.GetLabels())
			if len(located.selectedAnywhere(selector)) == 0 {
				findings = append(findings, found("IST0173", rule.Object, path("spec", "subsets", i, "name"),
					"subset %q selects no pod (%s): requests to it get 503", subset.GetName(), istio.SelectorString(selector)))
			}
		}
	}
	return findings
}

// locatedWorkloads is the table of workloads with the labels that the control
// plane adds from the node on which a pod runs.
func locatedWorkloads(m *Mesh) *workloadTable {
	nodes := map[string]map[string]string{}
	for _, o := range m.Of(istio.Node) {
		nodes[o.Name] = o.Labels
	}
	plain := m.workloads()
	if len(nodes) == 0 {
		return plain
	}
	t := &workloadTable{byNamespace: map[string][]*workload{}, byLabel: map[labelKey][]*workload{}}
	for _, w := range plain.all {
		node, known := nodes[w.Spec.NodeName]
		if !known {
			t.add(w)
			continue
		}
		copied := *w
		copied.Labels = maps.Clone(w.Labels)
		if copied.Labels == nil {
			copied.Labels = map[string]string{}
		}
		copied.Labels["kubernetes.io/hostname"] = w.Spec.NodeName
		addLocality(copied.Labels, node)
		t.add(&copied)
	}
	return t
}

// addLocality sets the topology labels of a pod from its node's; a zone
// without a region does not count, nor a subzone without a zone.
func addLocality(pod, node map[string]string) {
	for _, key := range []string{"topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone"} {
		value := node[key]
		if value == "" {
			return
		}
		pod[key] = value
	}
}
