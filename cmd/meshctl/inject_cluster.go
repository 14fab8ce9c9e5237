package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/inject"
)

// readCluster takes the configuration of a revision or tag from the cluster.
// What the user may not read besides the ConfigMaps is left out with a warning.
func (c *injectConfig) readCluster(ctx context.Context, e *env, o *inject.Options) error {
	cluster, err := e.cluster()
	if err != nil {
		return err
	}
	set, skipped, err := cluster.List(ctx, []schema.GroupKind{istio.MutatingWebhookConfiguration, istio.ProxyConfig, istio.Node}, kube.ListOptions{})
	if err != nil {
		return err
	}
	e.tellSkipped(skipped)
	webhooks, err := inject.Webhooks(set.Of(istio.MutatingWebhookConfiguration))
	if err != nil {
		return err
	}
	o.Namespace, o.Revision = cluster.Namespace(), c.revision
	w, ok := inject.ForRevision(webhooks, c.revision)
	if c.webhook != "" {
		at := slices.IndexFunc(webhooks, func(w inject.Webhook) bool { return w.Name == c.webhook })
		if at < 0 {
			return fmt.Errorf("there is no injector %s in the cluster; see `meshctl injector list`", c.webhook)
		}
		w, ok = webhooks[at], true
	}
	if ok {
		o.Revision = w.Revision
		o.Cluster, o.Network = inject.PathSettings(w.Path())
	}
	o.Tags = inject.Tags(webhooks, o.Revision)
	if o.Namespaces, err = e.namespaces(ctx, cluster); err != nil {
		return err
	}
	if o.ProxyConfigs, err = istio.NewProxyConfigs(set.Of(istio.ProxyConfig)); err != nil {
		return err
	}
	settings := e.istiodSettings(ctx, cluster, o.Revision)
	o.CompliancePolicy = settings.CompliancePolicy
	if c.native == nativeAuto {
		o.NativeSidecars = settings.Native(kubeletVersions(set))
	}
	return readConfigMaps(ctx, cluster, e.global.istioNamespace, c.maps, o)
}

// tellSkipped warns of kinds that could not be read. A kind whose CRD is not
// there has no objects either.
func (e *env) tellSkipped(skipped []kube.Skipped) {
	for _, s := range skipped {
		if !errors.As(s.Err, new(kube.NotServedError)) {
			e.warn(fmt.Sprintf("going on without %s: %v", s.Kind.Kind, s.Err))
		}
	}
}

// namespaces reads the labels and annotations of all Namespaces.
func (e *env) namespaces(ctx context.Context, cluster *kube.Cluster) (map[string]inject.Namespace, error) {
	set, skipped, err := cluster.List(ctx, []schema.GroupKind{istio.Namespace}, kube.ListOptions{MetadataOnly: true})
	if err != nil {
		return nil, err
	}
	e.tellSkipped(skipped)
	return namespacesIn(set), nil
}

func namespacesIn(set *resource.Set) map[string]inject.Namespace {
	namespaces := map[string]inject.Namespace{}
	for _, o := range set.Of(istio.Namespace) {
		namespaces[o.Name] = inject.Namespace{Labels: o.Labels, Annotations: o.Annotations}
	}
	return namespaces
}

// istiodSettings reads what istiod's own environment says; the defaults if
// its Deployment cannot be read.
func (e *env) istiodSettings(ctx context.Context, cluster *kube.Cluster, revision string) inject.IstiodSettings {
	object, err := cluster.Get(ctx, istio.Deployment, e.global.istioNamespace, withRevision("istiod", revision))
	if err != nil {
		e.warn(fmt.Sprintf("taking istiod's default settings for injection: %v", err))
		return inject.SettingsOf(corev1.PodSpec{})
	}
	deployment, err := resource.As[appsv1.Deployment](object)
	if err != nil {
		e.warn(fmt.Sprintf("taking istiod's default settings for injection: %v", err))
		return inject.SettingsOf(corev1.PodSpec{})
	}
	return inject.SettingsOf(deployment.Spec.Template.Spec)
}

func kubeletVersions(set *resource.Set) []string {
	var versions []string
	for _, o := range set.Of(istio.Node) {
		if node, err := resource.As[corev1.Node](o); err == nil {
			versions = append(versions, node.Status.NodeInfo.KubeletVersion)
		}
	}
	return versions
}

// readConfigMaps reads mesh config, injection config and values of a revision.
func readConfigMaps(ctx context.Context, cluster *kube.Cluster, namespace string, names configMapNames, o *inject.Options) error {
	read := func(name, usual, key string) ([]byte, error) {
		object, err := cluster.Get(ctx, istio.ConfigMap, namespace, cmp.Or(name, withRevision(usual, o.Revision)))
		if kube.IsNotFound(err) {
			return nil, fmt.Errorf("%w; is there a control plane of revision %s in namespace %s? (--istio-namespace)",
				err, o.Revision, namespace)
		}
		if err != nil {
			return nil, err
		}
		configMap, err := resource.As[corev1.ConfigMap](object)
		if err != nil {
			return nil, err
		}
		return []byte(configMap.Data[key]), nil
	}
	text, err := read(names.mesh, "istio", "mesh")
	if err == nil {
		o.Mesh, err = istio.ParseMeshConfig(text)
	}
	if err != nil {
		return err
	}
	if text, err = read(names.injector, "istio-sidecar-injector", "config"); err == nil {
		o.Config, err = inject.ParseConfig(text)
	}
	if err != nil {
		return err
	}
	if text, err = read(names.injector, "istio-sidecar-injector", "values"); err == nil {
		o.Values, err = inject.ParseValues(text)
	}
	return err
}

// withRevision is the name of a control plane's object: the default revision
// has no suffix.
func withRevision(name, revision string) string {
	if revision == "" || revision == "default" {
		return name
	}
	return name + "-" + revision
}
