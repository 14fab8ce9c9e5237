package main

import (
	"cmp"
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

// clusterObjects is what was read from a cluster, and from others of its mesh.
type clusterObjects struct {
	objects   *resource.Set
	namespace string
	remote    map[string]*resource.Set
	missing   missingObjects
}

// loadCluster lists the kinds that the analyzers need, and nothing else:
// ConfigMaps of the control plane only, and of Secrets those only that
// gateways refer to. Others may be many, and are nobody's business here.
func (in *analyzeInput) loadCluster(ctx context.Context, e *env, analyzers []analyze.Analyzer, settings analyze.Settings, allNamespaces bool) (*clusterObjects, error) {
	cluster, err := e.cluster()
	if err != nil {
		return nil, err
	}
	kinds := neededKinds(analyzers)
	secrets, configMaps := slices.Contains(kinds, istio.Secret), slices.Contains(kinds, istio.ConfigMap)
	kinds = slices.DeleteFunc(kinds, func(kind schema.GroupKind) bool { return kind == istio.Secret || kind == istio.ConfigMap })
	loaded := &clusterObjects{namespace: cluster.Namespace()}
	namespace := loaded.namespace
	if allNamespaces {
		namespace = ""
	}
	if loaded.objects, err = loaded.missing.list(ctx, cluster, kinds, namespace); err != nil {
		return nil, err
	}
	if configMaps {
		maps, skipped, err := cluster.List(ctx, []schema.GroupKind{istio.ConfigMap}, kube.ListOptions{Namespace: e.global.istioNamespace, Partial: true})
		if err != nil {
			skipped = []kube.Skipped{{Kind: istio.ConfigMap, Err: err}}
		} else {
			loaded.objects.Add(maps.All()...)
		}
		loaded.missing.add(skipped)
	}
	if secrets {
		loaded.missing.add(loadSecrets(ctx, cluster, loaded.objects, settings))
	}
	if err := in.loadRemote(ctx, e, cluster, loaded); err != nil {
		return nil, err
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

// missingObjects is what could not be read of a cluster, and why.
type missingObjects struct {
	forbidden unreadKinds
	failed    unreadKinds
	narrowed  []schema.GroupKind // kinds that may be read in one namespace only
	namespace string             // that namespace
	clusters  []error            // of other clusters, what could not be read
}

// unreadKinds are kinds of which nothing is known, and one of the answers.
type unreadKinds struct {
	kinds  []schema.GroupKind
	answer error
}

// list reads kinds in all namespaces, or, where that is forbidden, in the given
// one. It fails if the cluster cannot be reached or gives nothing at all.
func (m *missingObjects) list(ctx context.Context, cluster *kube.Cluster, kinds []schema.GroupKind, namespace string) (*resource.Set, error) {
	set, skipped, err := cluster.List(ctx, kinds, kube.ListOptions{Partial: true, Slim: true})
	if err != nil && !forbidden(err) {
		return nil, err
	}
	var denied []schema.GroupKind
	for _, s := range skipped {
		if forbidden(s.Err) && namespace != "" && !istio.ClusterScoped(s.Kind) {
			denied = append(denied, s.Kind)
		}
	}
	if len(denied) == 0 {
		m.add(skipped)
		return set, err
	}
	m.add(slices.DeleteFunc(skipped, func(s kube.Skipped) bool { return slices.Contains(denied, s.Kind) }))
	narrow, skipped, narrowErr := cluster.List(ctx, denied, kube.ListOptions{Namespace: namespace, Partial: true, Slim: true})
	if narrowErr != nil && (err != nil || !forbidden(narrowErr)) {
		return nil, narrowErr
	}
	m.add(skipped)
	m.namespace = namespace
	for _, kind := range denied {
		if !slices.ContainsFunc(skipped, func(s kube.Skipped) bool { return s.Kind == kind }) {
			m.narrowed = append(m.narrowed, kind)
		}
	}
	set.Add(narrow.All()...)
	if slices.Contains(m.forbidden.kinds, istio.Namespace) {
		// Who may not list namespaces can often read their own.
		if own, err := cluster.Get(ctx, istio.Namespace, "", namespace); err == nil {
			set.Add(own)
		}
	}
	return set, nil
}

func (m *missingObjects) add(skipped []kube.Skipped) {
	for _, s := range skipped {
		switch {
		case errors.As(s.Err, new(kube.NotServedError)):
			continue // there are none
		case forbidden(s.Err):
			m.forbidden.add(s)
		default:
			m.failed.add(s)
		}
	}
}

func (u *unreadKinds) add(s kube.Skipped) {
	u.kinds = append(u.kinds, s.Kind)
	u.answer = cmp.Or(u.answer, s.Err)
}

// unreadable are all kinds of which nothing is known.
func (m *missingObjects) unreadable() []schema.GroupKind {
	return slices.Concat(m.forbidden.kinds, m.failed.kinds)
}

func forbidden(err error) bool {
	var access *kube.AccessError
	return errors.As(err, &access) && access.Reason == kube.Forbidden
}

// tell says what is missing, and which analyzers were left out for it.
func (m *missingObjects) tell(e *env, leftOut []string) {
	for _, unread := range []unreadKinds{m.forbidden, m.failed} {
		if len(unread.kinds) > 0 {
			e.warn(fmt.Sprintf("the result is partial: nothing is known of %s; one of the answers: %v", kindNames(unread.kinds), unread.answer))
		}
	}
	if len(m.narrowed) > 0 {
		e.warn(fmt.Sprintf("the result is partial: only namespace %s may be read of %s", m.namespace, kindNames(m.narrowed)))
	}
	for _, err := range m.clusters {
		e.warn(fmt.Sprintf("the result is partial: %v", err))
	}
	if names := leftOut; len(names) > 0 {
		const few = 5
		if len(names) > few {
			names = append(names[:few:few], fmt.Sprintf("%d more", len(leftOut)-few))
		}
		were := "analyzers were"
		if len(leftOut) == 1 {
			were = "analyzer was"
		}
		e.warn(fmt.Sprintf("%d %s left out, since what they need is not known: %s", len(leftOut), were, strings.Join(names, ", ")))
	}
}

// err is what makes the result of no use as a verdict: not what may not be
// read, but what failed.
func (m *missingObjects) err() error {
	failure := m.failed.answer
	if failure == nil && len(m.clusters) > 0 {
		failure = m.clusters[0]
	}
	if failure == nil {
		return nil
	}
	return incompleteError{fmt.Errorf("analyzing: the cluster was read in part only: %w", failure)}
}

func kindNames(kinds []schema.GroupKind) string {
	var names []string
	for _, kind := range kinds {
		names = append(names, kind.Kind)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}
