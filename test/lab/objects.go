package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// objects reaches objects of any kind.
type objects struct {
	dynamic dynamic.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper
}

func newObjects(config *rest.Config) (*objects, error) {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client for the lab: %w", err)
	}
	disco, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client for the lab: %w", err)
	}
	return &objects{dynamic: client, mapper: restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disco))}, nil
}

// ParseYAML splits a stream of YAML or JSON documents into objects. Lists are
// taken apart, empty documents dropped.
func ParseYAML(stream []byte) ([]*unstructured.Unstructured, error) {
	var all []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(stream), 4096)
	for n := 1; ; n++ {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(object); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading YAML document %d: %w", n, err)
		}
		switch {
		case len(object.Object) == 0:
		case object.IsList():
			err := object.EachListItem(func(item runtime.Object) error {
				all = append(all, item.(*unstructured.Unstructured))
				return nil
			})
			if err != nil {
				return nil, fmt.Errorf("reading the list in YAML document %d: %w", n, err)
			}
		default:
			all = append(all, object)
		}
	}
}

// client returns the client for an object's kind and namespace. Kinds
// may have been defined a moment ago, so what is not known is looked up anew.
func (o *objects) client(ctx context.Context, object *unstructured.Unstructured, namespace string) (dynamic.ResourceInterface, error) {
	kind := object.GroupVersionKind()
	mapping, err := o.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) && ctx.Err() == nil {
		o.mapper.Reset()
		mapping, err = o.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	}
	if err != nil {
		return nil, fmt.Errorf("finding the resource of kind %s: %w", kind, err)
	}
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return o.dynamic.Resource(mapping.Resource), nil
	}
	if own := object.GetNamespace(); own != "" {
		namespace = own
	}
	return o.dynamic.Resource(mapping.Resource).Namespace(namespace), nil
}

// Apply applies a stream of YAML documents, in order, with server-side apply.
// Objects without a namespace go to the given one. CustomResourceDefinitions
// are waited for before the objects after them.
func (l *Lab) Apply(ctx context.Context, namespace string, stream []byte) error {
	return l.objects.apply(ctx, namespace, stream)
}

// Apply does what [Lab.Apply] does, to any cluster.
func Apply(ctx context.Context, config *rest.Config, namespace string, stream []byte) error {
	objects, err := newObjects(config)
	if err != nil {
		return err
	}
	return objects.apply(ctx, namespace, stream)
}

func (o *objects) apply(ctx context.Context, namespace string, stream []byte) error {
	all, err := ParseYAML(stream)
	if err != nil {
		return err
	}
	for _, object := range all {
		client, err := o.client(ctx, object, namespace)
		if err != nil {
			return err
		}
		_, err = client.Apply(ctx, object.GetName(), object, metav1.ApplyOptions{FieldManager: "lab", Force: true})
		if err != nil {
			return fmt.Errorf("applying %s: %w", describe(object), err)
		}
		if object.GetKind() == "CustomResourceDefinition" {
			if err := waitEstablished(ctx, client, object.GetName()); err != nil {
				return err
			}
		}
	}
	return nil
}

// Delete deletes the objects of a stream, the last one first, and returns when
// they are gone. What they own follows a moment later. Objects that do not exist
// are passed over.
func (l *Lab) Delete(ctx context.Context, namespace string, stream []byte) error {
	return l.objects.delete(ctx, namespace, stream)
}

// Delete does what [Lab.Delete] does, to any cluster.
func Delete(ctx context.Context, config *rest.Config, namespace string, stream []byte) error {
	objects, err := newObjects(config)
	if err != nil {
		return err
	}
	return objects.delete(ctx, namespace, stream)
}

func (o *objects) delete(ctx context.Context, namespace string, stream []byte) error {
	all, err := ParseYAML(stream)
	if err != nil {
		return err
	}
	// Not in the foreground: for that the garbage collector has to know the
	// kind, and of a new one it learns after half a minute.
	background := metav1.DeletePropagationBackground
	for i := len(all) - 1; i >= 0; i-- {
		client, err := o.client(ctx, all[i], namespace)
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return err
		}
		name := all[i].GetName()
		err = client.Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &background})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("deleting %s: %w", describe(all[i]), err)
		}
		err = eventually(ctx, func(ctx context.Context) error {
			if _, err := client.Get(ctx, name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
				return errors.Join(errors.New("it is still there"), err)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("waiting for %s to be gone: %w", describe(all[i]), err)
		}
	}
	return nil
}

func waitEstablished(ctx context.Context, client dynamic.ResourceInterface, name string) error {
	return eventually(ctx, func(ctx context.Context) error {
		crd, err := client.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
		for _, c := range conditions {
			if c, ok := c.(map[string]any); ok && c["type"] == "Established" && c["status"] == "True" {
				return nil
			}
		}
		return fmt.Errorf("custom resource definition %s is not established", name)
	})
}

func describe(object *unstructured.Unstructured) string {
	if object.GetNamespace() == "" {
		return object.GetKind() + " " + object.GetName()
	}
	return object.GetKind() + " " + object.GetNamespace() + "/" + object.GetName()
}

// eventually polls until check returns nil; when the context ends first it
// returns the last error of check.
func eventually(ctx context.Context, check func(context.Context) error) error {
	for {
		err := check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(25 * time.Millisecond):
		}
	}
}
