package install

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Bundle is a set of objects that is installed beside a mesh and removed as
// one, by the same machinery. Nothing of the mesh may have its label, and it
// may have none of the mesh's.
type Bundle struct {
	Objects []*Object // all that is to be there
	// Label is on each object that is part of the bundle; its value is the
	// component.
	Label string
	// Selector picks what is in the cluster of the bundle.
	Selector string
	// Keep tells what stays although it is no longer wanted; nil for nothing.
	Keep func(*Object) bool
}

// NewObject makes an object of its content, which must not be changed later.
func NewObject(component string, content map[string]any) *Object {
	return &Object{
		Component:  component,
		APIVersion: lookupString(content, "apiVersion"), Kind: lookupString(content, "kind"),
		Namespace: lookupString(content, "metadata", "namespace"), Name: lookupString(content, "metadata", "name"),
		content: content,
	}
}

// bundleKinds are the kinds of objects that a bundle may consist of.
func bundleKinds() []schema.GroupKind {
	return []schema.GroupKind{
		{Group: "apps", Kind: "Deployment"},
		{Kind: "Service"},
		{Kind: "ConfigMap"},
		{Kind: "Secret"},
		{Kind: "ServiceAccount"},
		claimKind(),
		{Group: "networking.k8s.io", Kind: "NetworkPolicy"},
		{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"},
		{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole"},
	}
}

// FindBundle lists what the cluster has of a bundle, in the safe order of
// deletion: objects of some kinds, or of all if none is named.
func FindBundle(ctx context.Context, cluster Lister, label, selector string, kinds ...schema.GroupKind) ([]*Object, error) {
	if len(kinds) == 0 {
		kinds = bundleKinds()
	}
	found, err := cluster.List(ctx, kinds, selector)
	if err != nil {
		return nil, fmt.Errorf("listing what is installed: %w", err)
	}
	var objects []*Object
	for _, live := range found {
		o, err := liveObject(live)
		if err != nil {
			return nil, err
		}
		if o.Component = live.Labels[label]; derived(o) {
			continue
		}
		objects = append(objects, o)
	}
	sortForDeletion(objects)
	return objects, nil
}

// PlanBundle asks the cluster what it takes to have a bundle, and no more of
// it than that. Nothing is written.
func PlanBundle(ctx context.Context, cluster Cluster, b Bundle) (*Plan, error) {
	live, err := FindBundle(ctx, cluster, b.Label, b.Selector)
	if err != nil {
		return nil, err
	}
	wanted, ours := map[string]bool{}, map[string]bool{}
	for _, o := range b.Objects {
		wanted[o.key()] = true
	}
	var gone []*Object
	for _, o := range live {
		ours[o.key()] = true
		if !wanted[o.key()] && (b.Keep == nil || !b.Keep(o)) {
			gone = append(gone, o)
		}
	}
	if err := b.checkForeign(ctx, cluster, ours); err != nil {
		return nil, err
	}
	steps, err := planSteps(ctx, cluster, b.Objects, gone)
	return &Plan{Version: planVersion, Steps: steps}, err
}

// ForeignError says that objects of others have the names that a bundle needs.
type ForeignError struct{ Objects []string }

func (e *ForeignError) Error() string {
	return fmt.Sprintf("there is something else of the same name: %s", joinSome(e.Objects, 8))
}

// checkForeign refuses to take over what somebody else has installed.
func (b Bundle) checkForeign(ctx context.Context, cluster Getter, ours map[string]bool) error {
	foreign := make([]string, len(b.Objects))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(requestsAtOnce)
	for i, o := range b.Objects {
		if ours[o.key()] || o.Kind == "Namespace" {
			continue
		}
		group.Go(func() error {
			_, err := cluster.Get(groupCtx, o.groupKind(), o.Namespace, o.Name)
			switch {
			case err == nil:
				foreign[i] = o.ID()
			case !missing(err):
				return fmt.Errorf("planning %s: %w", o.ID(), err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	foreign = slices.DeleteFunc(foreign, func(id string) bool { return id == "" })
	if len(foreign) > 0 {
		return &ForeignError{foreign}
	}
	return nil
}

// State tells what an object of a cluster is waiting for, "" if it is ready.
func (o *Object) State() string { return waitingFor(o.content) }
