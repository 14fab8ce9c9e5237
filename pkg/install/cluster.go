package install

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// FieldManager is the name under which objects are applied.
const FieldManager = "meshctl"

// Getter reads one object. The error for a missing one satisfies
// apierrors.IsNotFound.
type Getter interface {
	Get(ctx context.Context, kind schema.GroupKind, namespace, name string) (*resource.Object, error)
}

// Lister reads the objects of several kinds that a label selector picks, in all
// namespaces. Kinds that the cluster does not serve are left out.
type Lister interface {
	List(ctx context.Context, kinds []schema.GroupKind, selector string) ([]*resource.Object, error)
}

// Applier sends one object by server-side apply and gives it as stored.
type Applier interface {
	Apply(ctx context.Context, object map[string]any, o ApplyOptions) (*resource.Object, error)
}

// ApplyOptions are those of the API server's apply.
type ApplyOptions struct {
	DryRun bool // change nothing, but answer as if
	Force  bool // take fields over from other managers
}

// Deleter deletes one object and does not wait until it is gone. A missing one
// is no error.
type Deleter interface {
	Delete(ctx context.Context, kind schema.GroupKind, namespace, name string) error
}

// Contents lists what a namespace holds, of whatever kind. Of the objects only
// the metadata is needed.
type Contents interface {
	Contents(ctx context.Context, namespace string) ([]*resource.Object, error)
}

// Logs reads the last lines that a container wrote before it ended.
type Logs interface {
	LastLines(ctx context.Context, namespace, pod, container string, lines int) (string, error)
}

// Reader reads.
type Reader interface {
	Getter
	Lister
}

// Cluster is all that an installation needs of a cluster.
type Cluster interface {
	Getter
	Lister
	Applier
	Deleter
}

// Remover is what looking for a whole mesh needs of a cluster.
type Remover interface {
	Lister
	Contents
}

// groupKind identifies the kind of an object.
func (o *Object) groupKind() schema.GroupKind {
	return schema.GroupKind{Group: o.Group(), Kind: o.Kind}
}

// liveObject makes an Object of what a cluster holds.
func liveObject(live *resource.Object) (*Object, error) {
	content, err := live.Map()
	if err != nil {
		return nil, err
	}
	return &Object{
		Component:  live.Labels[componentLabel],
		APIVersion: live.APIVersion(), Kind: live.Kind,
		Namespace: live.Namespace, Name: live.Name,
		content: content,
	}, nil
}
