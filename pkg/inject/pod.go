package inject

import (
	"maps"
	"strconv"

	"istio.io/api/annotation"
	"istio.io/api/label"
	meshv1alpha1 "istio.io/api/mesh/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshctl/meshctl/internal/istio"
)

// proxySettings are what holds for one pod: mesh config, proxy config and the
// pod's namespace, as far as it is known.
type proxySettings struct {
	mesh      *meshv1alpha1.MeshConfig
	proxy     *meshv1alpha1.ProxyConfig
	namespace Namespace
}

// Pod injects one pod of a namespace, whatever the decision about it would be.
// The pod stays as it is; the names of the templates used come second.
func (i *Injector) Pod(pod *corev1.Pod, owner Owner, namespace Namespace) (*corev1.Pod, []string, error) {
	if err := checkAnnotations(pod.Annotations); err != nil {
		return nil, nil, err
	}
	if !i.options.Explicit && i.options.Values.openShift() {
		pod = withoutAssignedUser(pod)
	}
	settings, err := i.settings(pod, owner.Namespace)
	if err != nil {
		return nil, nil, err
	}
	settings.namespace = namespace
	names := i.templateNames(pod.Annotations)
	merged, added, err := i.merge(pod, owner, settings, names)
	if err != nil {
		return nil, nil, err
	}
	if merged, err = i.reapplyOverrides(merged, pod, added); err != nil {
		return nil, nil, err
	}
	injected, err := toPod(merged)
	if err != nil {
		return nil, nil, err
	}
	return injected, names, i.finish(injected, pod, added, settings)
}

// settings merges the proxy config that holds for a pod. The webhook goes on
// to use the mesh's own where the agent's port is concerned, kube-inject does not.
func (i *Injector) settings(pod *corev1.Pod, namespace string) (proxySettings, error) {
	mesh := i.options.Mesh
	proxy, err := i.options.ProxyConfigs.For(mesh, namespace, pod.Labels, pod.Annotations[annotation.ProxyConfig.Name])
	if err != nil {
		return proxySettings{}, &AnnotationError{
			Name: annotation.ProxyConfig.Name, Value: pod.Annotations[annotation.ProxyConfig.Name], Err: err,
		}
	}
	if i.options.Explicit {
		mesh = istio.WithDefaultConfig(mesh, proxy)
	}
	return proxySettings{mesh: mesh, proxy: proxy}, nil
}

// merge runs the templates and lays their output over the pod. The second
// result names what the templates bring.
func (i *Injector) merge(pod *corev1.Pod, owner Owner, settings proxySettings, names []string) (podMap, Status, error) {
	var none Status
	seen, err := beforeInjection(pod, settings.mesh)
	if err != nil {
		return nil, none, err
	}
	data := i.templateData(seen, owner, settings)
	merged, err := toMap(pod)
	if err != nil {
		return nil, none, err
	}
	status, added := statusOfTemplates(nil, i.options.Revision), podMap{}
	for _, name := range names {
		part, err := i.render(name, data)
		if err != nil {
			return nil, none, err
		}
		// A copy, since laying a part over something uses it up. The only part,
		// which is the usual case, is itself what all of them bring.
		if len(names) == 1 && !hasDirectives(part) {
			added = part
		} else if added, err = i.overlay(added, runtime.DeepCopyJSON(part)); err != nil {
			return nil, none, err
		}
		status = statusOfTemplates(added, i.options.Revision)
		if i.native(pod.Annotations) {
			moveProxyToInit(merged, added)
		}
		if merged, err = i.overlay(merged, part); err != nil {
			return nil, none, err
		}
	}
	return merged, status, nil
}

func (i *Injector) native(annotations map[string]string) bool {
	switch annotations[annotation.SidecarNativeSidecar.Name] {
	case "true":
		return true
	case "false":
		return false
	}
	return i.options.NativeSidecars
}

// moveProxyToInit brings a user's own istio-proxy container, which stands
// among the containers, to where a native sidecar's template has its proxy.
func moveProxyToInit(pod, template podMap) {
	containers := listOf(pod, "containers")
	at := containerIndex(containers, ProxyContainer)
	if at < 0 || containerIndex(listOf(template, "initContainers"), ProxyContainer) < 0 {
		return
	}
	spec := pod["spec"].(map[string]any)
	spec["initContainers"] = append(listOf(pod, "initContainers"), containers[at])
	spec["containers"] = append(append([]any{}, containers[:at]...), containers[at+1:]...)
}

// finish does what templates cannot do.
func (i *Injector) finish(pod, original *corev1.Pod, added Status, settings proxySettings) error {
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	adjustInitUser(pod, original, settings.proxy)
	i.setClusterEnv(pod, original)
	if err := mergePrometheus(pod, settings.mesh); err != nil {
		return err
	}
	announceSecurePort(pod)
	if rewritesProbes(pod.Annotations, i.options.Values.known.SidecarInjectorWebhook.RewriteAppHTTPProbe) {
		if err := rewriteProbes(pod, settings.mesh.GetDefaultConfig().GetStatusPort()); err != nil {
			return err
		}
	}
	if err := i.writeMetadata(pod, original, added); err != nil {
		return err
	}
	orderContainers(pod, i.proxyFirst(settings))
	return nil
}

// setClusterEnv makes cluster and network of the configuration win over what
// the templates have written.
func (i *Injector) setClusterEnv(pod, original *corev1.Pod) {
	proxy := findProxy(pod)
	if proxy == nil {
		return
	}
	cluster, network := i.clusterAndNetwork(original)
	set := func(name, value string) {
		if value == "" {
			return
		}
		kept := proxy.Env[:0:0]
		for _, env := range proxy.Env {
			if env.Name != name {
				kept = append(kept, env)
			}
		}
		proxy.Env = append(kept, corev1.EnvVar{Name: name, Value: value})
	}
	set("ISTIO_META_CLUSTER_ID", cluster)
	set("ISTIO_META_NETWORK", network)
}

func (i *Injector) clusterAndNetwork(pod *corev1.Pod) (cluster, network string) {
	global := i.options.Values.known.Global
	cluster = firstOf(i.options.Cluster, global.MultiCluster.ClusterName)
	network = firstOf(i.options.Network, global.Network)
	if own, ok := pod.Labels[label.TopologyNetwork.Name]; ok {
		network = own
	}
	return cluster, network
}

func (i *Injector) writeMetadata(pod, original *corev1.Pod, added Status) error {
	if _, network := i.clusterAndNetwork(original); network != "" {
		pod.Labels[label.TopologyNetwork.Name] = network
	}
	status, err := added.encode()
	if err != nil {
		return err
	}
	pod.Annotations[annotation.SidecarStatus.Name] = status
	if !i.options.Explicit {
		maps.Copy(pod.Annotations, i.options.Config.InjectedAnnotations)
	}
	return nil
}

func (i *Injector) proxyFirst(settings proxySettings) bool {
	return settings.proxy.GetHoldApplicationUntilProxyStarts().GetValue() ||
		i.options.Values.known.Global.Proxy.HoldApplicationUntilProxyStarts
}

func statusPort(mesh *meshv1alpha1.MeshConfig) string {
	return strconv.Itoa(int(mesh.GetDefaultConfig().GetStatusPort()))
}
