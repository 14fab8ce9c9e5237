package main

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze"
)

// clusterObjects is what was read from a cluster.
type clusterObjects struct {
	objects   *resource.Set
	namespace string
}

// loadCluster lists the kinds that the analyzers need, and nothing else.
func (in *analyzeInput) loadCluster(ctx context.Context, e *env, analyzers []analyze.Analyzer) (*clusterObjects, error) {
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	wanted := map[schema.GroupKind]bool{}
	for _, a := range analyzers {
		for _, kind := range a.Needs {
			wanted[kind] = true
		}
	}
	delete(wanted, istio.ConfigMap)
	var kinds []schema.GroupKind
	for kind := range wanted {
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, func(a, b schema.GroupKind) int {
		return slices.Compare([]string{a.Group, a.Kind}, []string{b.Group, b.Kind})
	})
	set, skipped, err := cluster.List(ctx, kinds, kube.ListOptions{})
	if err != nil {
		return nil, err
	}
	maps, _, err := cluster.List(ctx, []schema.GroupKind{istio.ConfigMap}, kube.ListOptions{Namespace: e.global.istioNamespace})
	if err != nil {
		e.warn(fmt.Sprintf("the mesh configuration could not be read, the defaults are assumed: %v", err))
	} else {
		set.Add(maps.All()...)
	}
	for _, s := range skipped {
		if _, notServed := s.Err.(kube.NotServedError); !notServed {
			e.warn(fmt.Sprintf("%s: %v; findings about it are missing", s.Kind.Kind, s.Err))
		}
	}
	return &clusterObjects{set, cluster.Namespace()}, nil
}
