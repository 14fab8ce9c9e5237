package install

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// Leftover is an object that an earlier installation left behind.
type Leftover struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Reason    string `json:"reason"`

	object *Object
	what   string // what it is, where it counts as left over only for want of an istiod
}

// ID names the object.
func (l Leftover) ID() string { return l.object.ID() }

// FindLeftovers looks for what nothing in the cluster needs any more.
func FindLeftovers(ctx context.Context, cluster Lister) ([]Leftover, error) {
	revisions, err := ReadRevisions(ctx, cluster)
	if err != nil {
		return nil, err
	}
	return findLeftovers(ctx, cluster, revisions)
}

// Objects of leftovers, in the safe order of deletion.
func Objects(left []Leftover) []*Object {
	var objects []*Object
	for _, l := range left {
		objects = append(objects, l.object)
	}
	sortForDeletion(objects)
	return objects
}

func findLeftovers(ctx context.Context, cluster Lister, revisions *Revisions) ([]Leftover, error) {
	f := &finder{cluster: cluster, revisions: revisions, left: []Leftover{}}
	for _, find := range []func(context.Context) error{f.webhooks, f.unowned, f.locks, f.published, f.remoteSecrets} {
		if err := find(ctx); err != nil {
			return nil, fmt.Errorf("looking for leftovers: %w", err)
		}
	}
	slices.SortStableFunc(f.left, func(a, b Leftover) int {
		return strings.Compare(a.Kind+a.Namespace+a.Name, b.Kind+b.Namespace+b.Name)
	})
	return f.left, nil
}

type finder struct {
	cluster   Lister
	revisions *Revisions
	left      []Leftover
}

func (f *finder) add(live *resource.Object, format string, args ...any) error {
	o, err := liveObject(live)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(f.left, func(l Leftover) bool { return l.object.key() == o.key() }) {
		return nil
	}
	f.left = append(f.left, Leftover{
		Kind: o.Kind, Namespace: o.Namespace, Name: o.Name,
		Reason: fmt.Sprintf(format, args...), object: o,
	})
	return nil
}

// addTrace adds what a control plane has made, and nobody needs without one.
func (f *finder) addTrace(live *resource.Object, what string) error {
	before := len(f.left)
	err := f.add(live, "%s, and there is no istiod", what)
	if len(f.left) > before {
		f.left[before].what = what
	}
	return err
}

// webhooks finds webhook configurations of the mesh whose server is gone.
func (f *finder) webhooks(ctx context.Context) error {
	services, err := f.cluster.List(ctx, []schema.GroupKind{{Kind: "Service"}}, "")
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, s := range services {
		known[s.Namespace+"/"+s.Name] = true
	}
	found, err := f.cluster.List(ctx, clusterKinds()[:2], "")
	if err != nil {
		return err
	}
	for _, live := range found {
		if live.Labels[revisionLabel] == "" && live.Labels["app"] != "sidecar-injector" && live.Labels["istio"] != "istiod" {
			continue
		}
		o, err := liveObject(live)
		if err != nil {
			return err
		}
		if service := webhookService(o.content); service != "" && !known[service] {
			if err := f.add(live, "it sends requests to Service %s, which does not exist", service); err != nil {
				return err
			}
		}
	}
	return nil
}

// webhookService names the service of the first webhook, "" if it has a URL.
func webhookService(content map[string]any) string {
	for _, m := range lookupMaps(content, "webhooks") {
		service := lookupMap(m, "clientConfig", "service")
		if name := lookupString(service, "name"); name != "" {
			return lookupString(service, "namespace") + "/" + name
		}
	}
	return ""
}

// unowned finds objects of revisions that have no control plane, and objects
// that the last installation of their revision did not touch any more.
func (f *finder) unowned(ctx context.Context) error {
	kinds := append(clusterKinds(), namespacedKinds()...)
	found, err := f.cluster.List(ctx, kinds, componentLabel+","+managedLabel)
	if err != nil {
		return err
	}
	for _, live := range found {
		o, err := liveObject(live)
		if err != nil {
			return err
		}
		if derived(o) || live.Labels[keepLabel] == "true" {
			continue
		}
		if live.Labels[componentLabel] == Components()[0] && f.revisions.anyAlive() {
			continue // all revisions share it, whichever it names
		}
		revision := revisionOf(live.Labels)
		controlPlane, installed := f.revisions.Installed[revision]
		switch {
		case f.revisions.Elsewhere[revision]:
		case !installed:
			err = f.add(live, "revision %s has no control plane", revision)
		case live.Labels[versionLabel] != lookupString(controlPlane.content, "metadata", "labels", versionLabel):
			err = f.add(live, "it is of version %s, but revision %s was installed again with another version without it",
				live.Labels[versionLabel], revision)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// locks finds the locks by which istiods agree on a leader, once there is none.
func (f *finder) locks(ctx context.Context) error {
	if f.revisions.anyAlive() {
		return nil
	}
	kinds := []schema.GroupKind{{Kind: "ConfigMap"}, {Group: "coordination.k8s.io", Kind: "Lease"}}
	found, err := f.cluster.List(ctx, kinds, "")
	if err != nil {
		return err
	}
	for _, live := range found {
		if isLock(live.Name) {
			if err := f.addTrace(live, "a lock of istiod's leader election"); err != nil {
				return err
			}
		}
	}
	return nil
}

// isLock tells the names of istiod's locks (pilot/pkg/leaderelection of Istio
// 1.31). Some are held by each revision on its own, whose name then follows.
func isLock(name string) bool {
	for _, lock := range []string{
		"istio-leader", "istio-status-leader", "istio-analyze-leader", "istio-gateway-status-leader",
		"istio-namespace-controller-election", "istio-serviceexport-controller-election",
		"istio-clustertrustbundle-controller-election", "istio-gateway-ca-crl-controller-election",
		"istio-gateway-deployment", "istio-gateway-inferencepool", "istio-node-untaint", "istio-ip-autoallocate",
	} {
		if rest, ok := strings.CutPrefix(name, lock); ok && (rest == "" || rest[0] == '-') {
			return true
		}
	}
	return false
}

// published finds what istiod puts into every namespace, and its own keys, once
// there is none.
func (f *finder) published(ctx context.Context) error {
	if f.revisions.anyAlive() {
		return nil
	}
	found, err := f.cluster.List(ctx, []schema.GroupKind{{Kind: "ConfigMap"}, {Kind: "Secret"}}, "")
	if err != nil {
		return err
	}
	for _, live := range found {
		switch {
		case live.Kind == "ConfigMap" && (live.Name == "istio-ca-root-cert" || live.Name == "istio-ca-crl"):
			err = f.addTrace(live, "istiod publishes it in every namespace")
		case live.Kind == "Secret" && live.Name == "istio-ca-secret":
			err = f.addTrace(live, "the key with which istiod signs certificates")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// remoteSecrets finds credentials of other clusters that nobody reads.
func (f *finder) remoteSecrets(ctx context.Context) error {
	if f.revisions.anyAlive() {
		return nil
	}
	found, err := f.cluster.List(ctx, []schema.GroupKind{{Kind: "Secret"}}, "istio/multiCluster=true")
	for _, live := range found {
		if err := f.addTrace(live, "access to another cluster for istiod"); err != nil {
			return err
		}
	}
	return err
}
