package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/install"
)

// meshCluster is a cluster in the form in which package install asks for it.
type meshCluster struct{ *kube.Cluster }

func (e *env) meshCluster() (meshCluster, error) {
	cluster, err := e.cluster()
	return meshCluster{cluster}, err
}

// Get implements install.Getter. A kind that is not served reads as an object
// that is not there: its CRD is yet to come.
func (c meshCluster) Get(ctx context.Context, kind schema.GroupKind, namespace, name string) (*resource.Object, error) {
	found, err := c.Cluster.Get(ctx, kind, namespace, name)
	return found, absentIfNotServed(err, kind, name)
}

func absentIfNotServed(err error, kind schema.GroupKind, name string) error {
	if errors.As(err, new(kube.NotServedError)) {
		return apierrors.NewNotFound(schema.GroupResource{Group: kind.Group, Resource: kind.Kind}, name)
	}
	return err
}

// List implements install.Lister.
func (c meshCluster) List(ctx context.Context, kinds []schema.GroupKind, selector string) ([]*resource.Object, error) {
	return c.list(ctx, kinds, kube.ListOptions{LabelSelector: selector})
}

// oneNamespace is a cluster of which only the objects in a namespace are listed,
// for users who may not list those of others; "" is every namespace.
type oneNamespace struct {
	meshCluster
	namespace string
}

// List implements install.Lister.
func (c oneNamespace) List(ctx context.Context, kinds []schema.GroupKind, selector string) ([]*resource.Object, error) {
	return c.list(ctx, kinds, kube.ListOptions{Namespace: c.namespace, LabelSelector: selector})
}

func (c meshCluster) list(ctx context.Context, kinds []schema.GroupKind, o kube.ListOptions) ([]*resource.Object, error) {
	set, skipped, err := c.Cluster.List(ctx, kinds, o)
	if err != nil {
		return nil, err
	}
	for _, s := range skipped {
		if !errors.As(s.Err, new(kube.NotServedError)) {
			return nil, s.Err
		}
	}
	return set.All(), nil
}

// Contents implements install.Contents.
func (c meshCluster) Contents(ctx context.Context, namespace string) ([]*resource.Object, error) {
	served, err := c.Kinds(ctx)
	if err != nil {
		return nil, err
	}
	var kinds []schema.GroupKind
	for _, k := range served {
		// What cannot be deleted is not kept there, such as metrics.
		if k.Namespaced && slices.Contains(k.Verbs, "list") && slices.Contains(k.Verbs, "delete") {
			kinds = append(kinds, k.GroupKind)
		}
	}
	return c.list(ctx, kinds, kube.ListOptions{Namespace: namespace, MetadataOnly: true})
}

// Apply implements install.Applier.
func (c meshCluster) Apply(ctx context.Context, content map[string]any, o install.ApplyOptions) (*resource.Object, error) {
	object, err := objectOf(content)
	if err != nil {
		return nil, err
	}
	return c.Cluster.Apply(ctx, object, kube.ApplyOptions{Manager: install.FieldManager, Force: o.Force, DryRun: o.DryRun})
}

// objectOf encodes an object.
func objectOf(content map[string]any) (*resource.Object, error) {
	data, err := json.Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("encoding an object: %w", err)
	}
	objects, problems := resource.Parse("", data)
	if len(problems) > 0 {
		return nil, problems[0]
	}
	if len(objects) != 1 {
		return nil, errors.New("encoding an object: it has no kind")
	}
	return objects[0], nil
}

// Delete implements install.Deleter. What belongs to the object goes first, so
// that nothing of it runs once it is gone.
func (c meshCluster) Delete(ctx context.Context, kind schema.GroupKind, namespace, name string) error {
	key := resource.Key{GroupKind: kind, Namespace: namespace, Name: name}
	err := c.Cluster.Delete(ctx, key, kube.DeleteOptions{Foreground: true})
	return absentIfNotServed(err, kind, name)
}

// LastLines implements install.Logs.
func (c meshCluster) LastLines(ctx context.Context, namespace, pod, container string, lines int) (string, error) {
	log, err := c.Logs(ctx, namespace, pod, kube.LogOptions{Container: container, Previous: true, Tail: int64(lines), Limit: 4096})
	if err != nil { // it has ended once only: its log is not the previous one yet
		log, err = c.Logs(ctx, namespace, pod, kube.LogOptions{Container: container, Tail: int64(lines), Limit: 4096})
	}
	if err != nil {
		return "", err
	}
	defer log.Close()
	data, err := io.ReadAll(log)
	return string(data), err
}

// ServerVersion implements install.Inspector.
func (c meshCluster) ServerVersion(ctx context.Context) (string, error) {
	data, err := c.GetRaw(ctx, "/version")
	if err != nil {
		return "", err
	}
	var v struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return "", fmt.Errorf("reading the server's version: %w", err)
	}
	return v.GitVersion, nil
}

// Allowed implements install.Inspector.
func (c meshCluster) Allowed(ctx context.Context, a install.Access) (bool, string, error) {
	if c.IsReplay() {
		return false, "", errors.New("a snapshot does not say what its readers may do in the cluster")
	}
	review, err := objectOf(map[string]any{
		"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
		"metadata": map[string]any{},
		"spec": map[string]any{"resourceAttributes": map[string]any{
			"verb": a.Verb, "group": a.Group, "resource": a.Resource, "namespace": a.Namespace,
		}},
	})
	if err != nil {
		return false, "", err
	}
	answer, err := c.Create(ctx, review)
	if err != nil {
		return false, "", err
	}
	var status struct {
		Status struct {
			Allowed bool   `json:"allowed"`
			Reason  string `json:"reason"`
		} `json:"status"`
	}
	if err := json.Unmarshal(answer.JSON, &status); err != nil {
		return false, "", fmt.Errorf("reading an access review: %w", err)
	}
	return status.Status.Allowed, status.Status.Reason, nil
}
