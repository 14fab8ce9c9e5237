package install

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
)

// DeriveState puts an operator document together from what a cluster shows of a
// control plane that left no record: the Helm values that istiod's chart keeps
// in the ConfigMap "values", and the workloads that run.
func DeriveState(ctx context.Context, cluster Reader, revision string) (*InstalledState, error) {
	revisions, err := ReadRevisions(ctx, cluster)
	if err != nil {
		return nil, err
	}
	istiod := revisions.Installed[revision]
	if istiod == nil {
		return nil, &InputError{Err: fmt.Errorf("there is no control plane of revision %s in the cluster; it has: %s",
			revision, orNone(sortedKeys(revisions.Installed)))}
	}
	name := "values"
	if revision != defaultRevision {
		name += "-" + revision
	}
	kept, err := cluster.Get(ctx, schema.GroupKind{Kind: "ConfigMap"}, istiod.Namespace, name)
	if missing(err) {
		return nil, fmt.Errorf("there is no record of the installation of revision %s, and no ConfigMap %s/%s with its Helm values", revision, istiod.Namespace, name)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the Helm values of revision %s: %w", revision, err)
	}
	o, err := liveObject(kept)
	if err != nil {
		return nil, err
	}
	values := Values{}
	if err := json.Unmarshal([]byte(lookupString(o.content, "data", "original-values")), &values); err != nil {
		return nil, fmt.Errorf("reading the Helm values in %s: %w", o.ID(), err)
	}
	spec := Values{"profile": "empty", "values": values, "components": Values{
		"base": Values{"enabled": true}, "pilot": Values{"enabled": true},
	}}
	if revision != defaultRevision {
		spec["revision"] = revision
	}
	if istiod.Namespace != "istio-system" {
		put(values, istiod.Namespace, "global", "istioNamespace")
	}
	if err := addWorkloads(ctx, cluster, revision, spec); err != nil {
		return nil, err
	}
	return &InstalledState{
		Revision: revision, Derived: o.ID(),
		Document: Values{"apiVersion": "install.istio.io/v1alpha1", "kind": "IstioOperator", "spec": spec},
	}, nil
}

// addWorkloads switches on the components that run beside istiod.
func addWorkloads(ctx context.Context, cluster Lister, revision string, spec Values) error {
	found, err := cluster.List(ctx, []schema.GroupKind{{Group: "apps", Kind: "Deployment"}, {Group: "apps", Kind: "DaemonSet"}}, "")
	if err != nil {
		return fmt.Errorf("reading what is installed: %w", err)
	}
	for _, live := range found {
		for _, c := range components() {
			if c.name == "Pilot" || c.kind != live.Kind || live.Labels[revisionLabel] != "" && revisionOf(live.Labels) != revision {
				continue
			}
			entry := Values{"enabled": true, "namespace": live.Namespace}
			switch {
			case !c.gateway() && live.Name == c.workload:
				put(spec, entry, "components", c.key)
			case c.gateway() && live.Labels[componentLabel] == c.name:
				entry["name"] = live.Name
				entry["label"] = ownLabels(live.Labels)
				list, _ := lookup(spec, "components", c.key)
				gateways, _ := list.([]any)
				put(spec, append(gateways, entry), "components", c.key)
			}
		}
	}
	return nil
}

// ownLabels are those labels of a gateway that its operator document gives it.
func ownLabels(labels map[string]string) Values {
	own := Values{}
	for _, key := range []string{"app", "istio"} {
		if labels[key] != "" {
			own[key] = labels[key]
		}
	}
	return own
}
