package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// UninstallOptions say what is to go. Purge takes everything of every
// revision; without it one revision goes, and what all share stays.
type UninstallOptions struct {
	Revision    string
	Namespace   string // of the control plane
	Purge       bool
	IncludeCRDs bool // with Purge: the CRDs, and with them all mesh configuration
}

// Removal is what an uninstallation would delete, in that order.
type Removal struct {
	Objects []*Object
	// Traces are what the control plane itself has made: they go once it is gone,
	// or it would make them again.
	Traces []*Object
	// Users are the tags, namespaces and proxies that still depend on it.
	Users []string
	// Reasons tell for objects that carry no mark of ownership why they count as
	// part of the mesh, by ID.
	Reasons map[string]string
	// Namespaces of the control plane; they go last. Only with Purge.
	Namespaces []NamespaceFate
	// Releases of Helm, as namespace/name, whose objects are among those that go.
	// Helm goes on listing them until it is told.
	Releases []string

	pods map[string]bool // namespace/name of the pods seen in those namespaces
}

// FindInstalled looks for what is to go. Nothing is changed.
func FindInstalled(ctx context.Context, cluster Remover, o UninstallOptions) (*Removal, error) {
	revisions, err := ReadRevisions(ctx, cluster)
	if err == nil {
		err = revisions.ReadProxies(ctx, cluster)
	}
	if err != nil {
		return nil, err
	}
	selector := componentLabel
	if !o.Purge {
		if _, ok := revisions.Installed[o.Revision]; !ok && revisions.Webhooks[o.Revision] == nil {
			return nil, &InputError{Err: fmt.Errorf("there is no revision %q in the cluster; it has: %s",
				o.Revision, orNone(sortedKeys(revisions.Installed)))}
		}
		// What the component Base brings is shared by all revisions.
		selector = fmt.Sprintf("%s in (Pilot,IngressGateways,EgressGateways,Cni,Ztunnel),%s=%s", componentLabel, revisionLabel, o.Revision)
	}
	kinds := append(clusterKinds(), namespacedKinds()...)
	if o.IncludeCRDs {
		kinds = append(kinds, crdKind())
	}
	found, err := cluster.List(ctx, kinds, selector)
	if err != nil {
		return nil, fmt.Errorf("listing what is installed: %w", err)
	}
	r := &Removal{Reasons: map[string]string{}, pods: map[string]bool{}}
	for _, live := range found {
		object, err := liveObject(live)
		if err != nil {
			return nil, err
		}
		if !derived(object) {
			r.Objects = append(r.Objects, object)
		}
	}
	gone := []string{o.Revision}
	if o.Purge {
		gone = sortedKeys(revisions.Installed)
	}
	for _, revision := range gone {
		for _, user := range revisions.Users(revision) {
			if o.Purge && strings.HasPrefix(user, "tag ") {
				continue // it goes too
			}
			if !slices.Contains(r.Users, user) {
				r.Users = append(r.Users, user)
			}
		}
	}
	if err := r.addTags(ctx, cluster, gone); err != nil {
		return nil, err
	}
	if o.Purge {
		if err := r.addUnmarked(ctx, cluster, kinds); err != nil {
			return nil, err
		}
		if err := r.addTraces(ctx, cluster, revisions); err != nil {
			return nil, err
		}
		if err := r.addNamespaces(ctx, cluster, o.Namespace); err != nil {
			return nil, err
		}
	}
	sortForDeletion(r.Objects)
	return r, nil
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return joinSome(names, 10)
}

func (r *Removal) add(o *Object, reason string) {
	if slices.ContainsFunc(r.Objects, func(have *Object) bool { return have.key() == o.key() }) {
		return
	}
	r.Objects = append(r.Objects, o)
	r.Reasons[o.ID()] = reason
}

// addTags adds webhooks and services of tags that point at what goes away: left
// behind they would have every new pod of their namespaces refused.
func (r *Removal) addTags(ctx context.Context, cluster Lister, gone []string) error {
	kinds := []schema.GroupKind{
		{Group: "admissionregistration.k8s.io", Kind: "MutatingWebhookConfiguration"},
		{Group: "admissionregistration.k8s.io", Kind: "ValidatingWebhookConfiguration"},
		{Kind: "Service"},
	}
	found, err := cluster.List(ctx, kinds, tagLabel)
	if err != nil {
		return fmt.Errorf("listing revision tags: %w", err)
	}
	for _, live := range found {
		if !slices.Contains(gone, revisionOf(live.Labels)) {
			continue
		}
		o, err := liveObject(live)
		if err != nil {
			return err
		}
		r.add(o, fmt.Sprintf("tag %s points at revision %s", live.Labels[tagLabel], revisionOf(live.Labels)))
	}
	return nil
}

func (r *Removal) addTraces(ctx context.Context, cluster Lister, revisions *Revisions) error {
	left, err := findLeftovers(ctx, cluster, &Revisions{Tags: revisions.Tags})
	for _, l := range left {
		if slices.ContainsFunc(r.Objects, func(o *Object) bool { return o.key() == l.object.key() }) {
			continue
		}
		r.Traces = append(r.Traces, l.object)
		r.Reasons[l.object.ID()] = cmp.Or(l.what, l.Reason)
	}
	sortForDeletion(r.Traces)
	return err
}

// All lists everything that goes, in order.
func (r *Removal) All() []*Object { return append(slices.Clone(r.Objects), r.Traces...) }

// InUseError says that a removal would leave others alone.
type InUseError struct{ Users []string }

func (e *InUseError) Error() string {
	return "still in use by " + e.UsedBy() + "; move them to another revision first, or use --force"
}

// UsedBy names the first few users and counts the rest.
func (e *InUseError) UsedBy() string { return joinSome(e.Users, 8) }

// Run deletes what was found and waits until it is gone. Namespaces tells
// afterwards which of them have stayed.
func (r *Removal) Run(ctx context.Context, cluster interface {
	Cluster
	Contents
}, report func(Event)) error {
	if err := Remove(ctx, cluster, r.Objects, report); err != nil {
		return err
	}
	if err := Remove(ctx, cluster, r.Traces, report); err != nil {
		return err
	}
	return r.removeNamespaces(ctx, cluster, cluster, report)
}

// Remove deletes objects and waits until they are gone.
func Remove(ctx context.Context, cluster Cluster, objects []*Object, report func(Event)) error {
	if err := deleteAll(ctx, cluster, objects, report); err != nil {
		return err
	}
	pending := slices.Clone(objects)
	for {
		open, err := stillThere(ctx, cluster, pending)
		if err != nil || len(open) == 0 {
			return err
		}
		pending = open
		select {
		case <-ctx.Done():
			var ids []string
			for _, o := range pending {
				ids = append(ids, o.ID())
			}
			return fmt.Errorf("waiting until everything is gone: %w; still there: %s", context.Cause(ctx), joinSome(ids, 8))
		case <-time.After(pollInterval):
		}
	}
}

func stillThere(ctx context.Context, cluster Getter, objects []*Object) ([]*Object, error) {
	var open []*Object
	for _, o := range objects {
		_, err := cluster.Get(ctx, o.groupKind(), o.Namespace, o.Name)
		switch {
		case err == nil:
			open = append(open, o)
		case missing(err):
		case errors.Is(err, context.DeadlineExceeded):
			return objects, nil
		default:
			return nil, fmt.Errorf("checking that %s is gone: %w", o.ID(), err)
		}
	}
	return open, nil
}
