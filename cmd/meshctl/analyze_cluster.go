package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze"
)

// clusterObjects is what was read from a cluster.
type clusterObjects struct {
	objects    *resource.Set
	namespace  string
	unreadable []schema.GroupKind // kinds that the user may not read
}

// loadCluster lists the kinds that the analyzers need, and nothing else:
// ConfigMaps of the control plane only, and of Secrets those only that
// gateways refer to. Others may be many, and are nobody's business here.
func (in *analyzeInput) loadCluster(ctx context.Context, e *env, analyzers []analyze.Analyzer, settings analyze.Settings) (*clusterObjects, error) {
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	kinds := neededKinds(analyzers)
	secrets, configMaps := slices.Contains(kinds, istio.Secret), slices.Contains(kinds, istio.ConfigMap)
	kinds = slices.DeleteFunc(kinds, func(kind schema.GroupKind) bool { return kind == istio.Secret || kind == istio.ConfigMap })
	set, skipped, err := cluster.List(ctx, kinds, kube.ListOptions{})
	if err != nil {
		return nil, err
	}
	loaded := &clusterObjects{objects: set, namespace: cluster.Namespace()}
	if configMaps {
		maps, none, err := cluster.List(ctx, []schema.GroupKind{istio.ConfigMap}, kube.ListOptions{Namespace: e.global.istioNamespace})
		if err != nil {
			none = []kube.Skipped{{Kind: istio.ConfigMap, Err: err}}
		} else {
			set.Add(maps.All()...)
		}
		skipped = append(skipped, none...)
	}
	if secrets {
		skipped = append(skipped, loadSecrets(ctx, cluster, set, settings)...)
	}
	for _, s := range skipped {
		var notServed kube.NotServedError
		if errors.As(s.Err, &notServed) {
			continue // there are none
		}
		loaded.unreadable = append(loaded.unreadable, s.Kind)
		e.warn(fmt.Sprintf("the result is partial: %v", s.Err))
	}
	return loaded, ctx.Err()
}

// loadSecrets reads the Secrets that gateways refer to, one by one.
func loadSecrets(ctx context.Context, cluster *kube.Cluster, set *resource.Set, settings analyze.Settings) []kube.Skipped {
	settings.Scope = analyze.Live
	for _, key := range analyze.NewMesh(set, settings).Credentials() {
		secret, err := cluster.Get(ctx, key.GroupKind, key.Namespace, key.Name)
		switch {
		case err == nil:
			set.Add(secret)
		case !kube.IsNotFound(err):
			return []kube.Skipped{{Kind: istio.Secret, Err: err}}
		}
	}
	return nil
}

// neededKinds lists the kinds that analyzers read, sorted.
func neededKinds(analyzers []analyze.Analyzer) []schema.GroupKind {
	var kinds []schema.GroupKind
	for _, a := range analyzers {
		kinds = append(kinds, a.Needs...)
	}
	slices.SortFunc(kinds, func(a, b schema.GroupKind) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(kinds)
}
