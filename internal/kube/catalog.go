package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kind is a kind of object as the API server serves it.
type Kind struct {
	schema.GroupKind
	Version    string   // the version the server prefers
	Versions   []string // all that are served, preferred first
	Resource   string   // plural, lower case: "virtualservices"
	Names      []string // further names that people use: singular and short ones
	Namespaced bool
	Verbs      []string
}

// path leads to the objects of the kind in one namespace, or everywhere.
func (k Kind) path(namespace string, rest ...string) []string {
	path := []string{"/apis", k.Group, k.Version}
	if k.Group == "" {
		path = []string{"/api", k.Version}
	}
	if k.Namespaced && namespace != "" {
		path = append(path, "namespaces", namespace)
	}
	return append(append(path, k.Resource), rest...)
}

// NotServedError reports a kind that the API server does not know, as when
// its CRD is not installed.
type NotServedError struct{ schema.GroupKind }

func (e NotServedError) Error() string {
	if e.Group == "" {
		return fmt.Sprintf("the API server does not serve %s", e.Kind)
	}
	return fmt.Sprintf("the API server does not serve %s of %s; is the CRD installed?", e.Kind, e.Group)
}

// catalog remembers what the API server serves. A failed read is tried again.
type catalog struct {
	mu    sync.Mutex
	kinds []Kind
}

// Kinds lists what the API server serves, read once per Cluster.
func (c *Cluster) Kinds(ctx context.Context) ([]Kind, error) {
	c.kinds.mu.Lock()
	defer c.kinds.mu.Unlock()
	if c.kinds.kinds != nil {
		return c.kinds.kinds, nil
	}
	kinds, err := c.discover(ctx)
	if err != nil {
		return nil, c.wrap(ctx, err, "asking which kinds the API server serves")
	}
	c.kinds.kinds = kinds
	return kinds, nil
}

// forgetKinds makes the next lookup ask again, after CRDs were applied.
func (c *Cluster) forgetKinds() {
	c.kinds.mu.Lock()
	c.kinds.kinds = nil
	c.kinds.mu.Unlock()
}

// Kind finds how a kind is served. The error is a NotServedError if it is not.
// The kinds that every API server has are known without asking.
func (c *Cluster) Kind(ctx context.Context, gk schema.GroupKind) (Kind, error) {
	for _, k := range builtin {
		if k.GroupKind == gk {
			return k, nil
		}
	}
	kinds, err := c.Kinds(ctx)
	if err != nil {
		return Kind{}, err
	}
	for _, k := range kinds {
		if k.GroupKind == gk {
			return k, nil
		}
	}
	return Kind{}, NotServedError{gk}
}

// builtin saves the discovery requests for what nearly every command reads.
var builtin = []Kind{
	namespaced("", "v1", "Pod", "pods", "po"),
	namespaced("", "v1", "Service", "services", "svc"),
	namespaced("", "v1", "ConfigMap", "configmaps", "cm"),
	namespaced("", "v1", "Secret", "secrets"),
	namespaced("", "v1", "ServiceAccount", "serviceaccounts", "sa"),
	namespaced("", "v1", "Endpoints", "endpoints", "ep"),
	namespaced("", "v1", "Event", "events", "ev"),
	namespaced("", "v1", "ReplicationController", "replicationcontrollers", "rc"),
	clusterWide("", "v1", "Namespace", "namespaces", "ns"),
	clusterWide("", "v1", "Node", "nodes", "no"),
	namespaced("apps", "v1", "Deployment", "deployments", "deploy"),
	namespaced("apps", "v1", "ReplicaSet", "replicasets", "rs"),
	namespaced("apps", "v1", "StatefulSet", "statefulsets", "sts"),
	namespaced("apps", "v1", "DaemonSet", "daemonsets", "ds"),
	namespaced("batch", "v1", "Job", "jobs"),
	namespaced("batch", "v1", "CronJob", "cronjobs", "cj"),
	namespaced("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices"),
	clusterWide("admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
	clusterWide("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations"),
	clusterWide("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", "crd"),
}

func namespaced(group, version, kind, resource string, names ...string) Kind {
	return Kind{schema.GroupKind{Group: group, Kind: kind}, version, []string{version}, resource,
		append(names, strings.ToLower(kind)), true, []string{"create", "delete", "get", "list", "patch", "update", "watch"}}
}

func clusterWide(group, version, kind, resource string, names ...string) Kind {
	k := namespaced(group, version, kind, resource, names...)
	k.Namespaced = false
	return k
}

const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"

// groupList is the part read of an APIGroupDiscoveryList (apidiscovery.k8s.io/v2).
type groupList struct {
	Kind  string
	Items []struct {
		Metadata struct{ Name string }
		Versions []struct {
			Version   string
			Resources []struct {
				Resource         string
				ResponseKind     struct{ Kind string }
				Scope            string
				SingularResource string
				ShortNames       []string
				Verbs            []string
			}
		}
	}
}

// discover reads everything in two requests.
func (c *Cluster) discover(ctx context.Context) ([]Kind, error) {
	var lists [2]groupList
	work, workCtx := errgroup.WithContext(ctx)
	for i, path := range []string{"/api", "/apis"} {
		work.Go(func() error {
			data, err := c.do(workCtx, request{method: http.MethodGet, path: []string{path}, accept: aggregated})
			if err != nil {
				return err
			}
			if err := json.Unmarshal(data, &lists[i]); err != nil || lists[i].Kind != "APIGroupDiscoveryList" {
				lists[i] = groupList{}
				return errNoAggregate
			}
			return nil
		})
	}
	if err := work.Wait(); errors.Is(err, errNoAggregate) {
		return c.discoverOneByOne(ctx)
	} else if err != nil {
		return nil, err
	}
	return lists[0].kinds(lists[1].kinds(nil)), nil
}

// kinds adds the list's kinds, each in the version that is served first.
func (l groupList) kinds(kinds []Kind) []Kind {
	for _, group := range l.Items {
		at := map[string]int{}
		for _, version := range group.Versions {
			for _, r := range version.Resources {
				if i, known := at[r.ResponseKind.Kind]; known {
					kinds[i].Versions = append(kinds[i].Versions, version.Version)
					continue
				}
				at[r.ResponseKind.Kind] = len(kinds)
				kinds = append(kinds, Kind{
					GroupKind:  schema.GroupKind{Group: group.Metadata.Name, Kind: r.ResponseKind.Kind},
					Version:    version.Version,
					Versions:   []string{version.Version},
					Resource:   r.Resource,
					Names:      append(slices.Clip(r.ShortNames), r.SingularResource),
					Namespaced: r.Scope == "Namespaced",
					Verbs:      r.Verbs,
				})
			}
		}
	}
	return kinds
}

const errNoAggregate = stringError("no aggregated discovery")

type stringError string

func (e stringError) Error() string { return string(e) }

// discoverOneByOne is for API servers and proxies without aggregated
// discovery: one request for each group's preferred version.
func (c *Cluster) discoverOneByOne(ctx context.Context) ([]Kind, error) {
	data, err := c.do(ctx, request{method: http.MethodGet, path: []string{"/apis"}})
	if err != nil {
		return nil, err
	}
	var groups metav1.APIGroupList
	if err := json.Unmarshal(data, &groups); err != nil {
		return nil, fmt.Errorf("reading the list of API groups: %w", err)
	}
	paths := []string{"/api/v1"}
	for _, g := range groups.Groups {
		paths = append(paths, "/apis/"+g.PreferredVersion.GroupVersion)
	}
	lists := make([]metav1.APIResourceList, len(paths))
	work, workCtx := errgroup.WithContext(ctx)
	work.SetLimit(requestsAtOnce)
	for i, path := range paths {
		work.Go(func() error {
			data, err := c.do(workCtx, request{method: http.MethodGet, path: []string{path}})
			if err != nil {
				// A broken aggregated API must not hide the others.
				return workCtx.Err()
			}
			return json.Unmarshal(data, &lists[i])
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	var kinds []Kind
	for _, list := range lists {
		gv, _ := schema.ParseGroupVersion(list.GroupVersion)
		for _, r := range list.APIResources {
			if strings.Contains(r.Name, "/") {
				continue
			}
			kinds = append(kinds, Kind{schema.GroupKind{Group: gv.Group, Kind: r.Kind}, gv.Version, []string{gv.Version}, r.Name,
				append(slices.Clip(r.ShortNames), r.SingularName), r.Namespaced, r.Verbs})
		}
	}
	return kinds, nil
}
