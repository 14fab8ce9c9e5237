// Package core checks objects of Kubernetes' own kinds, as far as a mesh is
// made of them: types of fields against the Go types of the API, and the few
// rules of the API server that people break. It says only what is sure: what
// it does not know may be of a later release.
package core

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	apps "k8s.io/api/apps/v1"
	batch "k8s.io/api/batch/v1"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/meshctl/meshctl/internal/resource"
)

// Problem is a place at which an object is wrong.
type Problem struct {
	Field   resource.FieldPath
	Message string
	// Unknown is the name of a field that is not known, but for a slip of the
	// keyboard is; Known are the names that are.
	Unknown string
	Known   []string
	// Incomplete says that something is missing, as in a patch that is to be
	// laid over another object.
	Incomplete bool
}

// kind is how objects of one kind are checked.
type kind struct {
	reflect.Type
	rules func(*checker, map[string]any)
}

func typeOf[T any](rules func(*checker, map[string]any)) kind {
	return kind{reflect.TypeFor[T](), rules}
}

// kinds are those of which a mesh's workloads are made, in their only version.
func kinds() map[schema.GroupVersionKind]kind {
	template := func(c *checker, object map[string]any) { c.controller(object) }
	return map[schema.GroupVersionKind]kind{
		{Version: "v1", Kind: "ConfigMap"}:                  typeOf[v1.ConfigMap](nil),
		{Version: "v1", Kind: "Namespace"}:                  typeOf[v1.Namespace](nil),
		{Version: "v1", Kind: "Pod"}:                        typeOf[v1.Pod](func(c *checker, object map[string]any) { c.pod(object, nil) }),
		{Version: "v1", Kind: "Secret"}:                     typeOf[v1.Secret](nil),
		{Version: "v1", Kind: "Service"}:                    typeOf[v1.Service]((*checker).service),
		{Version: "v1", Kind: "ServiceAccount"}:             typeOf[v1.ServiceAccount](nil),
		{Group: "apps", Version: "v1", Kind: "DaemonSet"}:   typeOf[apps.DaemonSet](template),
		{Group: "apps", Version: "v1", Kind: "Deployment"}:  typeOf[apps.Deployment](template),
		{Group: "apps", Version: "v1", Kind: "ReplicaSet"}:  typeOf[apps.ReplicaSet](template),
		{Group: "apps", Version: "v1", Kind: "StatefulSet"}: typeOf[apps.StatefulSet](template),
		{Group: "batch", Version: "v1", Kind: "CronJob"}:    typeOf[batch.CronJob](nil),
		{Group: "batch", Version: "v1", Kind: "Job"}:        typeOf[batch.Job](nil),
	}
}

// Kinds are the kinds that Check knows, sorted.
func Kinds() []schema.GroupKind {
	var all []schema.GroupKind
	for gvk := range kinds() {
		all = append(all, gvk.GroupKind())
	}
	slices.SortFunc(all, func(a, b schema.GroupKind) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// Checker checks objects one after the other.
type Checker struct {
	kinds map[schema.GroupVersionKind]kind
}

// NewChecker prepares a check.
func NewChecker() *Checker { return &Checker{kinds()} }

// Check says where an object is wrong, ordered by field. Of kinds and versions
// that it does not know it says nothing.
func (c *Checker) Check(o *resource.Object) []Problem {
	kind, known := c.kinds[o.GroupKind.WithVersion(o.Version)]
	if !known {
		return nil
	}
	var object map[string]any
	if err := utiljson.Unmarshal(o.JSON, &object); err != nil {
		return []Problem{{Message: fmt.Sprintf("reading the object: %v", err)}}
	}
	check := &checker{}
	check.value(nil, object, kind.Type)
	if !slices.ContainsFunc(check.problems, func(p Problem) bool { return p.Unknown == "" }) { // rules rely on types
		check.metadata(o)
		if kind.rules != nil {
			kind.rules(check, object)
		}
	}
	problems := slices.DeleteFunc(check.problems, check.misspelt)
	slices.SortStableFunc(problems, func(a, b Problem) int { return strings.Compare(a.Field.String(), b.Field.String()) })
	return problems
}

// misspelt reports whether a field is missing because it is there under a
// wrong name, which has been said.
func (c *checker) misspelt(p Problem) bool {
	return p.Incomplete && slices.ContainsFunc(c.problems, func(other Problem) bool {
		last := len(p.Field) - 1
		return other.Unknown != "" && len(other.Field) == len(p.Field) && slices.Equal(other.Field[:last], p.Field[:last]) &&
			resource.Nearest(other.Unknown, p.Field[last:]) != ""
	})
}
