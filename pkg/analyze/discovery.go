package analyze

import (
	"slices"

	meshconfig "istio.io/api/mesh/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/meshctl/meshctl/internal/resource"
)

// undiscovered are those of the namespaces that none of the mesh
// configuration's discovery selectors selects: the control plane reads
// nothing in them. A namespace of which nothing is known may be selected, and
// the control plane's own namespaces hold what the checks need.
func undiscovered(namespaces []*resource.Object, discovery []*meshconfig.LabelSelector, own ...string) map[string]bool {
	if len(discovery) == 0 {
		return nil
	}
	var selectors []labels.Selector
	for _, d := range discovery {
		selector, err := metav1.LabelSelectorAsSelector(kubernetesSelector(d))
		if err != nil {
			return nil // istiod does not take such a configuration, and goes on with the one before
		}
		selectors = append(selectors, selector)
	}
	unselected := map[string]bool{}
	for _, ns := range namespaces {
		selects := func(s labels.Selector) bool { return s.Matches(labels.Set(ns.Labels)) }
		if !slices.Contains(own, ns.Name) && !slices.ContainsFunc(selectors, selects) {
			unselected[ns.Name] = true
		}
	}
	return unselected
}

func kubernetesSelector(s *meshconfig.LabelSelector) *metav1.LabelSelector {
	selector := &metav1.LabelSelector{MatchLabels: s.GetMatchLabels()}
	for _, e := range s.GetMatchExpressions() {
		selector.MatchExpressions = append(selector.MatchExpressions, metav1.LabelSelectorRequirement{
			Key: e.GetKey(), Operator: metav1.LabelSelectorOperator(e.GetOperator()), Values: e.GetValues(),
		})
	}
	return selector
}
