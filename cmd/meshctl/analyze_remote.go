package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/resource"
)

// multiClusterSecrets selects the Secrets by which a control plane reaches
// the other clusters of its mesh.
const multiClusterSecrets = "istio/multiCluster=true"

// loadRemote reads what the control plane is told of other clusters and,
// where it was asked for, the Services of these clusters. One that does not
// answer is reported and does not hide the others.
func (in *analyzeInput) loadRemote(ctx context.Context, e *env, cluster *kube.Cluster, loaded *clusterObjects) error {
	networks := loaded.objects.Get(istio.ConfigMap, e.global.istioNamespace, meshConfigMap)
	if in.remoteSecrets || networks != nil && configMapData(networks)["meshNetworks"] != "" {
		secrets, skipped, err := cluster.List(ctx, []schema.GroupKind{istio.Secret},
			kube.ListOptions{Namespace: e.global.istioNamespace, LabelSelector: multiClusterSecrets, Partial: true})
		switch {
		case err != nil && len(skipped) == 0:
			loaded.missing.clusters = append(loaded.missing.clusters, err)
		default:
			loaded.missing.add(skipped)
			loaded.objects.Add(secrets.All()...)
		}
	}
	clusters, err := in.remoteClusters(e, loaded)
	if err != nil {
		return err
	}
	loaded.remote = map[string]*resource.Set{}
	var mu sync.Mutex
	var work sync.WaitGroup
	for name, remote := range clusters {
		work.Go(func() {
			set, skipped, err := remote.List(ctx, []schema.GroupKind{istio.Service}, kube.ListOptions{Slim: true})
			mu.Lock()
			defer mu.Unlock()
			for _, s := range skipped {
				err = s.Err
			}
			if err != nil {
				loaded.missing.clusters = append(loaded.missing.clusters, fmt.Errorf("cluster %s: %w", name, err))
				return
			}
			loaded.remote[name] = set
		})
	}
	work.Wait()
	return nil
}

// remoteClusters are the other clusters that were asked for, by name: the
// context's, or the one under which the remote secret holds its kubeconfig.
func (in *analyzeInput) remoteClusters(e *env, loaded *clusterObjects) (map[string]*kube.Cluster, error) {
	clusters := map[string]*kube.Cluster{}
	options := kube.Options{UserAgent: "meshctl/" + clientVersion().Version}
	for _, name := range in.remoteContexts {
		kubeconfig := e.global.kube
		kubeconfig.Context = name
		cluster, err := kube.New(kubeconfig, options)
		if err != nil {
			return nil, err
		}
		clusters[name] = cluster
	}
	if !in.remoteSecrets {
		return clusters, nil
	}
	for _, secret := range loaded.objects.Of(istio.Secret) {
		var data map[string][]byte
		if secret.Labels["istio/multiCluster"] != "true" || json.Unmarshal(secret.Raw("data"), &data) != nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(data)) {
			cluster, err := kube.NewFromSecret(data[name], options)
			if err != nil {
				loaded.missing.clusters = append(loaded.missing.clusters, fmt.Errorf("cluster %s: %s: %w", name, secret.Key, err))
				continue
			}
			clusters[name] = cluster
		}
	}
	return clusters, nil
}
