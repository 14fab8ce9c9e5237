package install

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// namespacedKinds are the kinds of namespaced objects that an installation may
// consist of, in the order in which they are deleted.
func namespacedKinds() []schema.GroupKind {
	return []schema.GroupKind{
		{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"},
		{Group: "policy", Kind: "PodDisruptionBudget"},
		{Group: "apps", Kind: "Deployment"},
		{Group: "apps", Kind: "DaemonSet"},
		{Kind: "Service"},
		{Group: "discovery.k8s.io", Kind: "EndpointSlice"},
		{Kind: "ConfigMap"},
		{Kind: "Secret"},
		{Kind: "ResourceQuota"},
		{Group: "networking.k8s.io", Kind: "NetworkPolicy"},
		{Group: "networking.istio.io", Kind: "EnvoyFilter"},
		{Group: "k8s.cni.cncf.io", Kind: "NetworkAttachmentDefinition"},
		{Group: "rbac.authorization.k8s.io", Kind: "RoleBinding"},
		{Group: "rbac.authorization.k8s.io", Kind: "Role"},
		{Kind: "ServiceAccount"},
	}
}

// clusterKinds are those of cluster-scoped objects, CRDs aside. Webhooks come
// first: one that outlives its server refuses everything.
func clusterKinds() []schema.GroupKind {
	return []schema.GroupKind{
		{Group: "admissionregistration.k8s.io", Kind: "MutatingWebhookConfiguration"},
		{Group: "admissionregistration.k8s.io", Kind: "ValidatingWebhookConfiguration"},
		{Group: "admissionregistration.k8s.io", Kind: "ValidatingAdmissionPolicyBinding"},
		{Group: "admissionregistration.k8s.io", Kind: "ValidatingAdmissionPolicy"},
		{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"},
		{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole"},
	}
}

func crdKind() schema.GroupKind {
	return schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}
}

// claimKind is that of volumes. No mesh has any, but bundles have.
func claimKind() schema.GroupKind { return schema.GroupKind{Kind: "PersistentVolumeClaim"} }

// deletionOrder is the safe order over all kinds.
func deletionOrder() []schema.GroupKind {
	kinds := clusterKinds()
	webhooks, rbac := kinds[:4], kinds[4:]
	order := append(append(webhooks[:4:4], namespacedKinds()...), rbac...)
	return append(order, claimKind(), crdKind())
}

// findPrunable lists what an earlier installation of the same revision in the
// same namespace left and the new one no longer has. CRDs are never among it,
// nor revision tags, nor what Helm owns.
func findPrunable(ctx context.Context, cluster Lister, c *Config, wanted []*Object) ([]*Object, error) {
	selector := fmt.Sprintf("%s=%s,%s=%s,%s=%s,%s",
		managedLabel, managedByReconciling, ownerNamespaceLabel, c.Namespace(), revisionLabel, c.Revision(), componentLabel)
	kinds := append(clusterKinds(), namespacedKinds()...)
	live, err := cluster.List(ctx, kinds, selector)
	if err != nil {
		return nil, fmt.Errorf("listing what is installed: %w", err)
	}
	keep := map[string]bool{}
	for _, o := range wanted {
		keep[o.key()] = true
	}
	var gone []*Object
	for _, found := range live {
		o, err := liveObject(found)
		if err != nil {
			return nil, err
		}
		if keep[o.key()] || found.Labels[keepLabel] == "true" || found.Labels[tagLabel] != "" ||
			found.Annotations[helmReleaseAnnotation] != "" || derived(o) {
			continue
		}
		if name := lookupString(c.tree, "metadata", "name"); found.Labels[ownerNameLabel] != "" &&
			found.Labels[ownerNameLabel] != "unknown" && found.Labels[ownerNameLabel] != name {
			continue // of another operator document
		}
		gone = append(gone, o)
	}
	sortForDeletion(gone)
	return gone, nil
}

// derived tells whether a controller made the object from another one and will
// delete it with that one; its labels are copies.
func derived(o *Object) bool {
	owners, _ := lookup(o.content, "metadata", "ownerReferences")
	list, _ := owners.([]any)
	return len(list) > 0 || o.Kind == "EndpointSlice" && lookupString(o.content, "metadata", "labels", "endpointslice.kubernetes.io/managed-by") != ""
}
