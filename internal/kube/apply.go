package kube

import (
	"context"
	"errors"
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshctl/meshctl/internal/resource"
)

// ApplyOptions govern server-side apply.
type ApplyOptions struct {
	Manager string // field manager, such as "meshctl"
	Force   bool   // take over fields that other managers own
	DryRun  bool   // validate and answer, but store nothing
}

// IsConflict reports that another manager owns a field, or that the object has
// changed meanwhile.
func IsConflict(err error) bool { return apierrors.IsConflict(err) }

// IsAlreadyExists reports that there is such an object already.
func IsAlreadyExists(err error) bool { return apierrors.IsAlreadyExists(err) }

// Apply creates or changes an object by server-side apply, and returns it as
// the API server holds it afterwards (or would, in a dry run).
func (c *Cluster) Apply(ctx context.Context, o *resource.Object, opts ApplyOptions) (*resource.Object, error) {
	query := map[string][]string{"fieldManager": {opts.Manager}, "fieldValidation": {"Strict"}}
	if opts.Force {
		query["force"] = []string{"true"}
	}
	if opts.DryRun {
		query["dryRun"] = []string{"All"}
	}
	return c.send(ctx, "applying", o, request{method: http.MethodPatch, query: query, kind: string(types.ApplyYAMLPatchType), body: o.JSON})
}

// Create makes a new object, or asks a review such as SelfSubjectAccessReview.
func (c *Cluster) Create(ctx context.Context, o *resource.Object) (*resource.Object, error) {
	return c.send(ctx, "creating", o, request{method: http.MethodPost, body: o.JSON})
}

// PatchMerge changes an object by a JSON merge patch (RFC 7396).
func (c *Cluster) PatchMerge(ctx context.Context, key resource.Key, patch []byte) (*resource.Object, error) {
	return c.send(ctx, "changing", &resource.Object{Key: key}, request{method: http.MethodPatch, kind: string(types.MergePatchType), body: patch})
}

func (c *Cluster) send(ctx context.Context, doing string, o *resource.Object, r request) (*resource.Object, error) {
	kind, err := c.servedAs(ctx, o)
	if err != nil {
		return nil, err
	}
	namespace := o.Namespace
	if namespace == "" && kind.Namespaced {
		namespace = c.namespace
	}
	r.path = kind.path(namespace)
	if r.method != http.MethodPost {
		r.path = append(r.path, o.Name)
	}
	data, err := c.do(ctx, r)
	if err != nil {
		return nil, c.wrap(ctx, err, "%s %s", doing, o.Key)
	}
	if o.Kind == "CustomResourceDefinition" {
		c.forgetKinds()
	}
	return decodeObject(data, kind)
}

// servedAs is the object's kind in the object's own version. A kind that is
// not known may have come with a CRD since the last look.
func (c *Cluster) servedAs(ctx context.Context, o *resource.Object) (Kind, error) {
	kind, err := c.Kind(ctx, o.GroupKind)
	if errors.As(err, new(NotServedError)) {
		c.forgetKinds()
		kind, err = c.Kind(ctx, o.GroupKind)
	}
	if o.Version != "" && slices.Contains(kind.Versions, o.Version) {
		kind.Version = o.Version
	}
	return kind, err
}

// DeleteOptions govern Delete.
type DeleteOptions struct {
	Foreground bool // keep the object until what it owns is gone
	DryRun     bool
}

// Delete removes an object; IsNotFound tells whether it did not exist.
func (c *Cluster) Delete(ctx context.Context, key resource.Key, o DeleteOptions) error {
	kind, err := c.Kind(ctx, key.GroupKind)
	if err != nil {
		return err
	}
	query := map[string][]string{"propagationPolicy": {"Background"}}
	if o.Foreground {
		query["propagationPolicy"] = []string{"Foreground"}
	}
	if o.DryRun {
		query["dryRun"] = []string{"All"}
	}
	_, err = c.do(ctx, request{method: http.MethodDelete, path: kind.path(key.Namespace, key.Name), query: query})
	if key.Kind == "CustomResourceDefinition" {
		c.forgetKinds()
	}
	return c.wrap(ctx, err, "deleting %s", key)
}
