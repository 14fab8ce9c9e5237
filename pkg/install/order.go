package install

import (
	"cmp"
	"slices"
)

// sortObjects puts objects into the order in which they are printed and
// applied: what others need comes first. Within a rank by group, kind, name.
func sortObjects(objects []*Object) {
	slices.SortStableFunc(objects, func(a, b *Object) int {
		return cmp.Or(
			cmp.Compare(rank(a), rank(b)),
			cmp.Compare(a.Group(), b.Group()),
			cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Name, b.Name),
		)
	})
}

func rank(o *Object) int {
	switch o.Group() + "/" + o.Kind {
	case "apiextensions.k8s.io/CustomResourceDefinition":
		return 0
	case "/ServiceAccount", "rbac.authorization.k8s.io/ClusterRole":
		return 1
	case "rbac.authorization.k8s.io/ClusterRoleBinding":
		return 2
	case "admissionregistration.k8s.io/ValidatingWebhookConfiguration":
		// Before the control plane: one left over by a broken installation fails
		// closed and would refuse everything that follows.
		return 3
	case "/ConfigMap":
		return 4 // before the pods that mount them
	case "autoscaling/HorizontalPodAutoscaler":
		return 6 // after the workload it scales
	case "/Service":
		return 7
	}
	return 5
}
