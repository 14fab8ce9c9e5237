package analyze

import (
	"strings"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// selectingPolicy is an object that applies to the pods of its namespace that
// a selector selects.
type selectingPolicy struct {
	object   *resource.Object
	selector map[string]string
	field    resource.FieldPath // of the selector's labels
}

// selections says which policies select each workload.
type selections struct {
	order    []*workload
	policies map[*workload][]*resource.Object
}

// matchPolicies finds the workloads of each policy. A policy without any is a finding.
func matchPolicies(m *Mesh, policies []selectingPolicy) ([]Finding, selections) {
	var findings []Finding
	by := selections{policies: map[*workload][]*resource.Object{}}
	for _, p := range policies {
		selected := m.workloads().selected(p.object.Namespace, p.selector)
		for _, w := range selected {
			if by.policies[w] == nil {
				by.order = append(by.order, w)
			}
			by.policies[w] = append(by.policies[w], p.object)
		}
		if len(selected) == 0 && m.knowsWorkloads(p.object.Namespace) {
			findings = append(findings, missingSelector(p.object, p.selector, p.field))
		}
	}
	return findings, by
}

// knowsWorkloads reports whether all workloads of a namespace are known.
func (m *Mesh) knowsWorkloads(namespace string) bool {
	if m.knownInPart(istio.Pod) && namespace == m.RootNamespace() {
		return false // its policies may be about pods of any namespace
	}
	if m.Scope != Auto || len(m.workloads().byNamespace[namespace]) > 0 {
		return m.completeIn(istio.Pod, namespace)
	}
	m.assume(istio.Pod)
	return false
}

func missingSelector(o *resource.Object, selector map[string]string, field resource.FieldPath) Finding {
	return found("IST0101", o, field, "selector %q selects no pod", istio.SelectorString(selector))
}

// doubleSelection reports all of several policies that select one workload.
func doubleSelection(code, what string, w *workload, policies []*resource.Object) []Finding {
	if len(policies) < 2 {
		return nil
	}
	var findings []Finding
	names := strings.Join(objectNames(policies), ", ")
	for _, o := range policies {
		findings = append(findings, found(code, o, path("metadata", "name"), "the %s %s select the same workload, %s: which one counts is not defined", what, names, w.Key))
	}
	return findings
}
