package analyze

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// workload is a pod, or the pods that a controller's template would make.
type workload struct {
	*resource.Object
	Labels      map[string]string
	Annotations map[string]string
	Spec        *podSpec
	Pod         bool
}

// workloadTable finds workloads by namespace and labels. A lookup looks only
// at those that have the rarest of the labels asked for.
type workloadTable struct {
	all         []*workload
	byNamespace map[string][]*workload
	byLabel     map[labelKey][]*workload
}

// labelKey is a label, in one namespace or ("") in all.
type labelKey struct{ namespace, key, value string }

func newWorkloadTable(m *Mesh) *workloadTable {
	t := &workloadTable{byNamespace: map[string][]*workload{}, byLabel: map[labelKey][]*workload{}}
	for _, o := range views[podSpec](m, istio.Pod) {
		t.add(&workload{Object: o.Object, Labels: o.Labels, Annotations: o.Annotations, Spec: o.Spec, Pod: true})
	}
	if m.Scope == Partial || m.Scope == Live {
		return t
	}
	for _, kind := range controllerKinds() {
		for _, o := range views[controllerSpec](m, kind) {
			template := &o.Spec.Template
			w := &workload{Object: o.Object, Labels: template.Metadata.Labels, Annotations: template.Metadata.Annotations, Spec: &template.Spec}
			if !t.hasPodOf(w) {
				t.add(w)
			}
		}
	}
	return t
}

// hasPodOf reports whether a pod of a controller is known already, so that
// its template says nothing new. Pods of a cluster are not made from the
// template of a file that is laid over it.
func (t *workloadTable) hasPodOf(controller *workload) bool {
	return len(controller.Labels) > 0 && slices.ContainsFunc(t.selected(controller.Namespace, controller.Labels), func(w *workload) bool {
		return w.Pod && (w.Origin.File == "") == (controller.Origin.File == "")
	})
}

func (t *workloadTable) add(w *workload) {
	t.all = append(t.all, w)
	t.byNamespace[w.Namespace] = append(t.byNamespace[w.Namespace], w)
	for key, value := range w.Labels {
		for _, k := range []labelKey{{w.Namespace, key, value}, {"", key, value}} {
			t.byLabel[k] = append(t.byLabel[k], w)
		}
	}
}

// controllerKinds are the kinds that make pods from a template.
func controllerKinds() []schema.GroupKind {
	return []schema.GroupKind{istio.DaemonSet, istio.Deployment, istio.StatefulSet}
}

func (t *workloadTable) empty() bool { return len(t.all) == 0 }

// selected lists the workloads of a namespace that a selector selects. The
// empty selector selects all.
func (t *workloadTable) selected(namespace string, selector map[string]string) []*workload {
	return selectFrom(t.byNamespace[namespace], t.byLabel, namespace, selector)
}

// selectedAnywhere is selected for all namespaces.
func (t *workloadTable) selectedAnywhere(selector map[string]string) []*workload {
	return selectFrom(t.all, t.byLabel, "", selector)
}

func selectFrom(candidates []*workload, byLabel map[labelKey][]*workload, namespace string, selector map[string]string) []*workload {
	for key, value := range selector {
		if having := byLabel[labelKey{namespace, key, value}]; len(having) < len(candidates) {
			candidates = having
		}
	}
	if len(selector) <= 1 {
		return candidates
	}
	var selected []*workload
	for _, w := range candidates {
		if istio.Selects(selector, w.Labels) {
			selected = append(selected, w)
		}
	}
	return selected
}
