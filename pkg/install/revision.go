package install

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// defaultRevision is the name of a control plane that was given none.
const defaultRevision = "default"

// Tag is a revision tag: a second name for a revision, which namespaces use.
type Tag struct {
	Tag        string   `json:"tag"`
	Revision   string   `json:"revision"`
	Namespaces []string `json:"namespaces"`
	Webhook    string   `json:"webhook"`

	// installed tells that an installation has made the tag, not a person: it
	// goes with its revision.
	installed bool
}

// Proxy is a pod whose sidecar belongs to a revision.
type Proxy struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	Revision  string `json:"revision"`
	Image     string `json:"image"`
	Ready     bool   `json:"ready"` // the pod takes traffic
}

// Revisions is what a cluster says of revisions, tags and who uses them.
type Revisions struct {
	Installed map[string]*Object // istiod's Deployment by revision
	Webhooks  map[string]*Object // injection webhook configuration by revision
	Elsewhere map[string]bool    // revisions whose control plane is outside of the cluster
	Tags      []Tag
	Proxies   []Proxy
	// Namespaces that are injected by a revision label, by its value;
	// istio-injection=enabled counts as "default".
	Namespaces map[string][]string
}

// ReadRevisions reads them from a cluster, all but the proxies: those are as
// many as there are pods, and few questions are about them.
func ReadRevisions(ctx context.Context, cluster Lister) (*Revisions, error) {
	r := &Revisions{
		Installed: map[string]*Object{}, Webhooks: map[string]*Object{}, Elsewhere: map[string]bool{},
		Tags: []Tag{}, Namespaces: map[string][]string{},
	}
	for _, read := range []func(context.Context, Lister) error{
		r.readControlPlanes, r.readNamespaces, r.readWebhooks, r.readElsewhere,
	} {
		if err := read(ctx, cluster); err != nil {
			return nil, fmt.Errorf("reading the mesh's revisions: %w", err)
		}
	}
	return r, nil
}

func (r *Revisions) readControlPlanes(ctx context.Context, cluster Lister) error {
	found, err := cluster.List(ctx, []schema.GroupKind{{Group: "apps", Kind: "Deployment"}}, "app=istiod")
	for _, deployment := range found {
		object, convertErr := liveObject(deployment)
		if convertErr != nil {
			return convertErr
		}
		r.Installed[revisionOf(deployment.Labels)] = object
	}
	return err
}

// leaving tells that an object is being deleted.
func leaving(o *resource.Object) bool {
	content, err := o.Map()
	return err == nil && lookupString(content, "metadata", "deletionTimestamp") != ""
}

// revisionOf reads the revision from labels.
func revisionOf(labels map[string]string) string {
	if revision := labels[revisionLabel]; revision != "" {
		return revision
	}
	return defaultRevision
}

func (r *Revisions) readNamespaces(ctx context.Context, cluster Lister) error {
	found, err := cluster.List(ctx, []schema.GroupKind{{Kind: "Namespace"}}, "")
	for _, ns := range found {
		if leaving(ns) {
			continue
		}
		switch {
		case ns.Labels["istio-injection"] == "enabled":
			r.Namespaces[defaultRevision] = append(r.Namespaces[defaultRevision], ns.Name)
		case ns.Labels["istio-injection"] == "" && ns.Labels[revisionLabel] != "":
			revision := ns.Labels[revisionLabel]
			r.Namespaces[revision] = append(r.Namespaces[revision], ns.Name)
		}
	}
	return err
}

func (r *Revisions) readWebhooks(ctx context.Context, cluster Lister) error {
	kind := schema.GroupKind{Group: "admissionregistration.k8s.io", Kind: "MutatingWebhookConfiguration"}
	found, err := cluster.List(ctx, []schema.GroupKind{kind}, revisionLabel)
	for _, webhook := range found {
		if tag := webhook.Labels[tagLabel]; tag != "" {
			r.Tags = append(r.Tags, Tag{
				Tag: tag, Revision: revisionOf(webhook.Labels), Webhook: webhook.Name,
				Namespaces: append([]string{}, r.Namespaces[tag]...),
				installed:  webhook.Labels[componentLabel] != "",
			})
			continue
		}
		object, convertErr := liveObject(webhook)
		if convertErr != nil {
			return convertErr
		}
		r.Webhooks[revisionOf(webhook.Labels)] = object
	}
	return err
}

// ReadProxies adds the proxies.
func (r *Revisions) ReadProxies(ctx context.Context, cluster Lister) error {
	found, err := cluster.List(ctx, []schema.GroupKind{{Kind: "Pod"}}, "")
	if err != nil {
		return fmt.Errorf("reading the mesh's proxies: %w", err)
	}
	for _, pod := range found {
		if pod.Annotations["sidecar.istio.io/status"] == "" || pod.Labels[componentLabel] != "" || leaving(pod) {
			continue // not injected, or a gateway of the installation itself, or going away
		}
		proxy := Proxy{Namespace: pod.Namespace, Pod: pod.Name, Revision: proxyRevision(pod)}
		if content, err := pod.Map(); err == nil {
			proxy.Image = proxyImage(content)
			proxy.Ready = condition(content, "Ready")
		}
		r.Proxies = append(r.Proxies, proxy)
	}
	return nil
}

// proxyRevision reads the revision that injected a pod.
func proxyRevision(pod *resource.Object) string {
	if revision := pod.Annotations[revisionLabel]; revision != "" {
		return revision
	}
	status := pod.Annotations["sidecar.istio.io/status"]
	if _, rest, ok := strings.Cut(status, `"revision":"`); ok {
		if revision, _, ok := strings.Cut(rest, `"`); ok && revision != "" {
			return revision
		}
	}
	return defaultRevision
}

func proxyImage(pod map[string]any) string {
	for _, list := range []string{"containers", "initContainers"} {
		for _, m := range lookupMaps(pod, "spec", list) {
			if m["name"] == "istio-proxy" {
				return lookupString(m, "image")
			}
		}
	}
	return ""
}

// Users lists who would be left alone if a revision went away: its tags,
// the namespaces that name it, and the pods that it has injected.
func (r *Revisions) Users(revision string) []string {
	var users []string
	names := map[string]bool{revision: true}
	for _, tag := range r.Tags {
		if tag.Revision == revision {
			if !tag.installed {
				users = append(users, "tag "+tag.Tag)
			}
			names[tag.Tag] = true
		}
	}
	for _, name := range sortedKeys(names) {
		for _, ns := range r.Namespaces[name] {
			users = append(users, "namespace "+ns)
		}
	}
	for _, p := range r.Proxies {
		if names[p.Revision] {
			users = append(users, "proxy "+p.Namespace+"/"+p.Pod)
		}
	}
	return users
}
