package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/resource"
)

// waitedObject is an object that is meant. object is it as a file has it, nil if it was named.
type waitedObject struct {
	resource.Key
	object *resource.Object
}

// waitKeys finds out which objects are meant by the files and arguments.
func (e *env) waitKeys(ctx context.Context, cluster *kube.Cluster, o *waitOptions) ([]waitedObject, error) {
	var keys []waitedObject
	if len(o.files) > 0 {
		objects, problems, err := resource.Load(o.files, e.in)
		if err != nil {
			return nil, usageError{err}
		}
		for _, p := range problems {
			return nil, p
		}
		for _, object := range objects {
			key := object.Key
			if !isMeshConfig(key.GroupKind) {
				fmt.Fprintf(e.err, "note: %s says nothing to the proxies and is not waited for\n", key)
				continue
			}
			if key.Namespace == "" && !istio.ClusterScoped(key.GroupKind) {
				key.Namespace = cluster.Namespace()
			}
			keys = append(keys, waitedObject{key, object})
		}
		if len(keys) == 0 {
			return nil, usagef("there is no configuration of the mesh in %s", strings.Join(o.files, ", "))
		}
	}
	for args := o.args; len(args) > 0; {
		kind, name, ok := strings.Cut(args[0], "/")
		args = args[1:]
		if !ok {
			if len(args) == 0 {
				return nil, usagef("%s of which name? write %s/NAME", kind, kind)
			}
			name, args = args[0], args[1:]
		}
		gk, err := cluster.KindByName(ctx, kind)
		if err != nil {
			return nil, err
		}
		key := resource.Key{GroupKind: gk, Namespace: cluster.Namespace(), Name: name}
		if namespace, bare, ok := strings.Cut(name, "/"); ok {
			key.Namespace, key.Name = namespace, bare
		}
		keys = append(keys, waitedObject{Key: key})
	}
	if o.generation > 0 && len(keys) > 1 {
		return nil, usagef("--generation is the one of a single object, and there are %d", len(keys))
	}
	return keys, nil
}

// waitObjects reads the objects from the cluster. A name that is not found may have its
// namespace behind a dot.
func waitObjects(ctx context.Context, cluster *kube.Cluster, keys []waitedObject) ([]*resource.Object, error) {
	var out []*resource.Object
	for _, key := range keys {
		object, err := waitGet(ctx, cluster, key.Key)
		if kube.IsNotFound(err) {
			return nil, fmt.Errorf("%s is not in the cluster; apply it first", key.Key)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, object)
	}
	return out, nil
}

func waitGet(ctx context.Context, cluster *kube.Cluster, key resource.Key) (*resource.Object, error) {
	object, err := cluster.Get(ctx, key.GroupKind, key.Namespace, key.Name)
	if dotted, ok := namespaceBehindDot(key); ok && kube.IsNotFound(err) {
		object, err = cluster.Get(ctx, key.GroupKind, dotted.Namespace, dotted.Name)
	}
	return object, err
}

// namespaceBehindDot reads catalog.shop as the object catalog in namespace shop.
func namespaceBehindDot(key resource.Key) (resource.Key, bool) {
	at := strings.LastIndexByte(key.Name, '.')
	if at <= 0 {
		return key, false
	}
	key.Namespace, key.Name = key.Name[at+1:], key.Name[:at]
	return key, true
}

// isMeshConfig tells whether proxies can get to know of a kind.
func isMeshConfig(kind schema.GroupKind) bool {
	return slices.Contains(istio.ConfigKinds(), kind) || kind.Group == istio.GatewayAPIGroup || kind == istio.Service
}
