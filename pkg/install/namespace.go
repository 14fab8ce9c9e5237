package install

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// createdAnnotation marks a namespace that an installation has made: it goes
// with the mesh, if nothing else has moved in.
const createdAnnotation = "install.meshctl.io/created"

func namespaceKind() schema.GroupKind { return schema.GroupKind{Kind: "Namespace"} }

// markCreated gives the manifest by which a namespace is made.
func markCreated(o *Object) map[string]any {
	if o.Kind != "Namespace" {
		return o.content
	}
	out := clone(o.content)
	put(out, "true", "metadata", "annotations", createdAnnotation)
	return out
}

// keepMark leaves the mark on a namespace that has it. One that somebody else
// has made does not get it.
func keepMark(manifest, live map[string]any) map[string]any {
	if manifest["kind"] != "Namespace" || lookupString(live, "metadata", "annotations", createdAnnotation) == "" {
		return manifest
	}
	return markCreated(&Object{Kind: "Namespace", content: manifest})
}

// NamespaceFate says what becomes of a namespace when a mesh is removed.
type NamespaceFate struct {
	Name string `json:"name"`
	// Stays is the reason why the namespace is not removed, "" if it is.
	Stays string `json:"stays,omitempty"`
}

// addNamespaces decides about the namespaces in which control planes are or
// were: those that an installation has made, and the one that is looked at.
func (r *Removal) addNamespaces(ctx context.Context, cluster Remover, own string) error {
	found, err := cluster.List(ctx, []schema.GroupKind{namespaceKind()}, "")
	if err != nil {
		return fmt.Errorf("listing namespaces: %w", err)
	}
	for _, live := range found {
		made := live.Annotations[createdAnnotation] != ""
		if !made && live.Name != own {
			continue
		}
		fate := NamespaceFate{Name: live.Name, Stays: "meshctl install did not make it"}
		if made {
			fate.Stays = r.stays(ctx, cluster, live.Name, r.All())
		}
		r.Namespaces = append(r.Namespaces, fate)
	}
	return nil
}

// stays says what keeps a namespace once some objects are gone, "" for nothing.
func (r *Removal) stays(ctx context.Context, cluster Contents, namespace string, going []*Object) string {
	contents, err := cluster.Contents(ctx, namespace)
	if err != nil {
		return fmt.Sprintf("what else it holds cannot be listed: %v", err)
	}
	for _, live := range contents {
		if live.Kind == "Pod" {
			r.pods[namespace+"/"+live.Name] = true
		}
	}
	var others []string
	for _, live := range contents {
		o, err := liveObject(live)
		if err != nil || comesByItself(live) || leaving(live) || derived(o) || r.ofPod(live) ||
			slices.ContainsFunc(going, func(g *Object) bool { return g.key() == o.key() }) {
			continue
		}
		others = append(others, o.ID())
	}
	if others == nil {
		return ""
	}
	slices.Sort(others)
	return "it holds " + joinSome(others, 5)
}

// ofPod tells what network plugins and others keep for a pod, under its name:
// it is cleaned up a moment after the pod.
func (r *Removal) ofPod(o *resource.Object) bool {
	return o.Kind != "Pod" && r.pods[o.Namespace+"/"+o.Name]
}

// comesByItself tells what Kubernetes puts into every namespace, or keeps there
// on its own account.
func comesByItself(o *resource.Object) bool {
	switch o.Kind {
	case "Event", "Endpoints", "EndpointSlice", "PodMetrics":
		return true
	case "ServiceAccount":
		return o.Name == "default"
	case "ConfigMap":
		return o.Name == "kube-root-ca.crt"
	}
	return false
}

// EmptyNamespaces counts the namespaces that are going to be removed.
func (r *Removal) EmptyNamespaces() int {
	count := 0
	for _, ns := range r.Namespaces {
		if ns.Stays == "" {
			count++
		}
	}
	return count
}

// removeNamespaces removes those namespaces that nothing keeps. That is looked
// at again: somebody may have put something there meanwhile.
func (r *Removal) removeNamespaces(ctx context.Context, cluster Cluster, contents Contents, report func(Event)) error {
	for i := range r.Namespaces {
		fate := &r.Namespaces[i]
		if fate.Stays != "" {
			continue
		}
		if fate.Stays = r.stays(ctx, contents, fate.Name, nil); fate.Stays != "" {
			continue
		}
		namespace := &Object{APIVersion: "v1", Kind: "Namespace", Name: fate.Name}
		if err := Remove(ctx, cluster, []*Object{namespace}, report); err != nil {
			return err
		}
	}
	return nil
}
