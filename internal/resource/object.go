// Package resource holds mesh and Kubernetes objects together with the place
// in the input they came from, and reads them from files, streams and
// kustomizations.
package resource

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Origin is a place in the input. Lines and columns count from 1; 0 means
// that the place is not known, as for objects read from a cluster.
type Origin struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String is "file:line", or as much of it as is known.
func (o Origin) String() string {
	if o.Line == 0 {
		return o.File
	}
	return fmt.Sprintf("%s:%d", o.File, o.Line)
}

// Key identifies an object within one mesh. The API version is left out:
// v1alpha3, v1beta1 and v1 of a kind are views of the same object.
type Key struct {
	schema.GroupKind
	Namespace string
	Name      string
}

// String is "Kind namespace/name", the form in which findings name objects.
func (k Key) String() string {
	if k.Namespace == "" {
		return k.Kind + " " + k.Name
	}
	return k.Kind + " " + k.Namespace + "/" + k.Name
}

// Object is one object with its header decoded. The rest stays as JSON until
// As is called, because most readers look at few of the objects they load.
type Object struct {
	Key
	Version      string // API version without the group, such as "v1beta1"
	GenerateName string
	Labels       map[string]string
	Annotations  map[string]string
	Origin       Origin

	// JSON is the whole object, normalised: anchors expanded, YAML 1.1
	// booleans resolved as the API server resolves them.
	JSON []byte

	source  source
	decoded atomic.Pointer[decoding]
}

// decoding is what As has made of an object.
type decoding struct {
	value any
	err   error
}

// APIVersion is the object's apiVersion as written in manifests.
func (o *Object) APIVersion() string {
	return schema.GroupVersion{Group: o.Group, Version: o.Version}.String()
}

// As decodes the object into a T, such as a corev1.Service or a client-go
// VirtualService. The last result is remembered, so repeated calls with the
// same type cost nothing; callers must not change what they get.
func As[T any](o *Object) (*T, error) {
	if known := o.decoded.Load(); known != nil {
		if v, ok := known.value.(*T); ok {
			return v, known.err
		}
	}
	v := new(T)
	err := json.Unmarshal(o.JSON, v)
	if err != nil {
		err = fmt.Errorf("decoding %s as %s: %w", o.Key, reflect.TypeFor[T]().Name(), err)
	}
	o.decoded.Store(&decoding{v, err})
	return v, err
}

// Map decodes the object into plain maps, slices and scalars, anew at each
// call, so that the caller may change the result.
func (o *Object) Map() (map[string]any, error) {
	var m map[string]any
	if err := json.Unmarshal(o.JSON, &m); err != nil {
		return nil, fmt.Errorf("decoding %s: %w", o.Key, err)
	}
	return m, nil
}
