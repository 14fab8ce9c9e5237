package inject

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"istio.io/api/annotation"
	"istio.io/api/label"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// restore takes out of a pod what injection has put in, as far as the pod
// tells. The pod is not changed; it must have a status. What cannot be told
// from the pod (whether a label that injection would have set was the user's,
// a probe's port was named by a number) is taken for injection's work.
func restore(pod *corev1.Pod, owner Owner) (*corev1.Pod, error) {
	status, _ := StatusOf(pod.Annotations)
	own, err := overridesOf(pod.Annotations)
	if err != nil {
		return nil, err
	}
	proxy := &corev1.Container{}
	if found := findProxy(pod); found != nil {
		proxy = found
	}
	pod = copyWithout(pod, status, own)
	restoreProbes(pod, proxy)
	restorePrometheus(pod.Annotations, proxy)

	spec := &pod.Spec
	restoreContainers(spec.Containers, own.Containers)
	restoreContainers(spec.InitContainers, own.InitContainers)
	moveOwnProxy(spec, own)
	spec.ImagePullSecrets = slices.DeleteFunc(spec.ImagePullSecrets, func(s corev1.LocalObjectReference) bool {
		return slices.Contains(status.ImagePullSecrets, s.Name)
	})
	if slices.Contains(proxy.Args, "router") && equality.Semantic.DeepEqual(spec.SecurityContext, gatewaySecurity()) {
		spec.SecurityContext = nil
	}
	restoreAnnotations(pod, status)
	restoreLabels(pod.Labels, owner, proxy)
	return pod, nil
}

// copyWithout copies a pod without the containers and volumes that injection has
// added.
func copyWithout(pod *corev1.Pod, status Status, own overrides) *corev1.Pod {
	users := func(containers []corev1.Container, added []string, own []corev1.Container) []corev1.Container {
		return slices.DeleteFunc(slices.Clone(containers), func(c corev1.Container) bool {
			return slices.Contains(added, c.Name) && findContainer(own, c.Name) == nil
		})
	}
	less := *pod
	less.Spec.Containers = users(pod.Spec.Containers, status.Containers, own.Containers)
	less.Spec.InitContainers = users(pod.Spec.InitContainers, status.InitContainers, own.InitContainers)
	less.Spec.Volumes = slices.DeleteFunc(slices.Clone(pod.Spec.Volumes), func(v corev1.Volume) bool { return slices.Contains(status.Volumes, v.Name) })
	return less.DeepCopy()
}

// gatewaySecurity is what the gateway template sets for the whole pod, so that
// a gateway may listen on port 80 without being root.
func gatewaySecurity() *corev1.PodSecurityContext {
	return &corev1.PodSecurityContext{Sysctls: []corev1.Sysctl{{Name: "net.ipv4.ip_unprivileged_port_start", Value: "0"}}}
}

// restoreContainers gives back the containers that were the user's and that a
// template has only changed.
func restoreContainers(containers, own []corev1.Container) {
	for at := range containers {
		users := findContainer(own, containers[at].Name)
		if users == nil {
			continue
		}
		users.DeepCopyInto(&containers[at])
		if containers[at].Image == "" {
			containers[at].Image = autoImage
		}
	}
}

// moveOwnProxy brings a user's own proxy container back to the containers,
// where it must have stood before a native sidecar's template moved it: as an
// init container it would keep the pod from starting.
func moveOwnProxy(spec *corev1.PodSpec, own overrides) {
	proxy := findContainer(own.InitContainers, ProxyContainer)
	if proxy == nil || proxy.RestartPolicy != nil {
		return
	}
	if at := slices.IndexFunc(spec.InitContainers, func(c corev1.Container) bool { return c.Name == ProxyContainer }); at >= 0 {
		spec.Containers = append(spec.Containers, spec.InitContainers[at])
		spec.InitContainers = slices.Delete(spec.InitContainers, at, at+1)
	}
}

func envValue(c *corev1.Container, name string) (string, bool) {
	for _, env := range c.Env {
		if env.Name == name {
			return env.Value, true
		}
	}
	return "", false
}

// restoreProbes gives the kubelet its probes back from those the agent had.
func restoreProbes(pod *corev1.Pod, proxy *corev1.Container) {
	text, _ := envValue(proxy, probersEnv)
	var probers map[string]*prober
	if json.Unmarshal([]byte(text), &probers) != nil {
		return
	}
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for at := range containers {
			for _, place := range probePlaces(&containers[at]) {
				original := probers[place.path]
				if original == nil || *place.http == nil || (*place.http).Path != place.path {
					continue
				}
				*place.http, *place.tcp = original.HTTPGet, original.TCPSocket
				if place.grpc != nil {
					*place.grpc = original.GRPC
				}
				namePort(original, containers[at].Ports)
			}
		}
	}
}

// namePort puts a port's name in the place of its number: whoever names ports
// mostly uses the names.
func namePort(p *prober, ports []corev1.ContainerPort) {
	var port *intstr.IntOrString
	switch {
	case p.HTTPGet != nil:
		port = &p.HTTPGet.Port
	case p.TCPSocket != nil:
		port = &p.TCPSocket.Port
	default:
		return
	}
	for _, named := range ports {
		if named.Name != "" && port.Type == intstr.Int && named.ContainerPort == port.IntVal {
			*port = intstr.FromString(named.Name)
		}
	}
}

// restorePrometheus brings back where the application's own metrics are.
func restorePrometheus(annotations map[string]string, proxy *corev1.Container) {
	if path, _ := prometheusValue(annotations, pathLabel); path != "/stats/prometheus" {
		return
	}
	clearPrometheus(annotations)
	text, _ := envValue(proxy, scrapeEnv)
	var config scrapeConfig
	if json.Unmarshal([]byte(text), &config) != nil {
		return
	}
	set := func(name, value string) {
		if value != "" {
			annotations[name] = value
		}
	}
	set("prometheus.io/scrape", config.Scrape)
	if len(config.Targets) > 0 {
		var targets []string
		for _, t := range config.Targets {
			targets = append(targets, t.Port+":"+t.Path)
		}
		set("prometheus.istio.io/scrape-targets", strings.Join(targets, ","))
		return
	}
	set("prometheus.io/port", config.Port)
	set("prometheus.io/path", config.Path)
}

func restoreAnnotations(pod *corev1.Pod, status Status) {
	a := pod.Annotations
	for _, name := range []string{annotation.SidecarStatus.Name, annotation.ProxyOverrides.Name, label.IoIstioRev.Name, securePortAnnotation} {
		delete(a, name)
	}
	first := ""
	for _, c := range pod.Spec.Containers {
		if c.Name != ProxyContainer {
			first = c.Name
			break
		}
	}
	dropValue(a, "kubectl.kubernetes.io/default-container", first)
	dropValue(a, "kubectl.kubernetes.io/default-logs-container", first)
	if !slices.Contains(status.InitContainers, validationContainer) {
		return
	}
	if networks, ok := a[networksAnnotation]; ok {
		a[networksAnnotation] = strings.TrimSuffix(networks, ", "+cniNetwork)
		dropValue(a, networksAnnotation, cniNetwork)
	}
	// What the CNI plugin reads; these are the values of an unchanged mesh.
	dropValue(a, annotation.SidecarInterceptionMode.Name, "REDIRECT")
	dropValue(a, annotation.SidecarTrafficIncludeOutboundIPRanges.Name, "*")
	dropValue(a, annotation.SidecarTrafficIncludeInboundPorts.Name, "*")
	if ports, ok := a[annotation.SidecarTrafficExcludeInboundPorts.Name]; ok {
		ports = strings.TrimSuffix(strings.TrimSuffix(ports, "15020"), ",")
		a[annotation.SidecarTrafficExcludeInboundPorts.Name] = ports
		dropValue(a, annotation.SidecarTrafficExcludeInboundPorts.Name, "")
	}
}

func restoreLabels(labels map[string]string, owner Owner, proxy *corev1.Container) {
	dropValue(labels, label.SecurityTlsMode.Name, "istio")
	dropValue(labels, tunnelLabel, "http")
	name := firstOf(labels["app.kubernetes.io/name"], labels["app"], owner.Name)
	dropValue(labels, label.ServiceCanonicalName.Name, name)
	dropValue(labels, label.ServiceCanonicalName.Name, strings.Trim(name[:min(63, len(name))], "-_."))
	dropValue(labels, label.ServiceCanonicalRevision.Name, firstOf(labels["app.kubernetes.io/version"], labels["version"], "latest"))
	if network, ok := envValue(proxy, "ISTIO_META_NETWORK"); ok {
		dropValue(labels, label.TopologyNetwork.Name, network)
	}
}

// dropValue deletes a key that has a certain value.
func dropValue(m map[string]string, key, value string) {
	maps.DeleteFunc(m, func(k, v string) bool { return k == key && v == value })
}
