package kube

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// nameBudget is how long a person who presses TAB is kept waiting.
const nameBudget = time.Second

// Names lists the names of a kind's objects for shell completion: metadata
// only, within one second, and nothing instead of an error.
func (c *Cluster) Names(ctx context.Context, gk schema.GroupKind, namespace string) []string {
	ctx, cancel := context.WithTimeout(ctx, nameBudget)
	defer cancel()
	set, _, err := c.List(ctx, []schema.GroupKind{gk}, ListOptions{Namespace: namespace, MetadataOnly: true})
	if err != nil {
		return nil
	}
	var names []string
	for _, o := range set.Of(gk) {
		names = append(names, o.Name)
	}
	slices.Sort(names)
	return names
}

// NamespaceNames lists the namespaces, as Names does.
func (c *Cluster) NamespaceNames(ctx context.Context) []string {
	return c.Names(ctx, namespaceKind, "")
}

// WorkloadNames lists what ResolvePods takes in a namespace: pods by name and
// workloads as "deploy/NAME", as Names does.
func (c *Cluster) WorkloadNames(ctx context.Context, namespace string) []string {
	ctx, cancel := context.WithTimeout(ctx, nameBudget)
	defer cancel()
	kinds := []struct {
		schema.GroupKind
		prefix string
	}{
		{podKind, ""},
		{schema.GroupKind{Group: "apps", Kind: "Deployment"}, "deploy/"},
		{schema.GroupKind{Group: "apps", Kind: "StatefulSet"}, "sts/"},
		{schema.GroupKind{Group: "apps", Kind: "DaemonSet"}, "ds/"},
	}
	asked := make([]schema.GroupKind, len(kinds))
	for i, k := range kinds {
		asked[i] = k.GroupKind
	}
	set, _, err := c.List(ctx, asked, ListOptions{Namespace: namespace, MetadataOnly: true})
	if err != nil {
		return nil
	}
	var names []string
	for _, k := range kinds {
		for _, o := range set.Of(k.GroupKind) {
			names = append(names, k.prefix+o.Name)
		}
	}
	return names
}
