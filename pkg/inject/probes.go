package inject

import (
	"encoding/json"
	"fmt"
	"strconv"

	"istio.io/api/annotation"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// probersEnv carries the original probes to the agent, which makes the
// kubelet's requests in its place.
const probersEnv = "ISTIO_KUBE_APP_PROBERS"

// prober is a probe or lifecycle handler as the agent reads it.
type prober struct {
	HTTPGet        *corev1.HTTPGetAction   `json:"httpGet,omitempty"`
	TCPSocket      *corev1.TCPSocketAction `json:"tcpSocket,omitempty"`
	GRPC           *corev1.GRPCAction      `json:"grpc,omitempty"`
	TimeoutSeconds int32                   `json:"timeoutSeconds,omitempty"`
}

// probePlace is a place in a container where a probe or handler may stand.
type probePlace struct {
	path    string // the agent's path for it
	timeout int32
	http    **corev1.HTTPGetAction
	tcp     **corev1.TCPSocketAction
	grpc    **corev1.GRPCAction // nil for lifecycle handlers
}

func probePlaces(c *corev1.Container) []probePlace {
	var places []probePlace
	probe := func(p *corev1.Probe, name string) {
		if p != nil {
			places = append(places, probePlace{
				path: "/app-health/" + c.Name + "/" + name, timeout: p.TimeoutSeconds,
				http: &p.HTTPGet, tcp: &p.TCPSocket, grpc: &p.GRPC,
			})
		}
	}
	handler := func(h *corev1.LifecycleHandler, name string) {
		if h != nil {
			places = append(places, probePlace{path: "/app-lifecycle/" + c.Name + "/" + name, http: &h.HTTPGet, tcp: &h.TCPSocket})
		}
	}
	probe(c.ReadinessProbe, "readyz")
	probe(c.LivenessProbe, "livez")
	probe(c.StartupProbe, "startupz")
	if c.Lifecycle != nil {
		handler(c.Lifecycle.PreStop, "prestopz")
		handler(c.Lifecycle.PostStart, "poststartz")
	}
	return places
}

// original is what the agent must do in the kubelet's place; nil if the kubelet
// does it itself, if it has been rewritten already or names an unknown port.
func (p probePlace) original(ports map[string]int32, agentPort int32) *prober {
	resolve := func(port intstr.IntOrString) (intstr.IntOrString, bool) {
		if port.Type == intstr.String {
			number, ok := ports[port.StrVal]
			return intstr.FromInt32(number), ok
		}
		return port, port.IntVal != agentPort
	}
	out := &prober{TimeoutSeconds: p.timeout}
	var ok bool
	switch {
	case *p.http != nil:
		get := **p.http
		get.Port, ok = resolve(get.Port)
		out.HTTPGet = &get
	case *p.tcp != nil:
		socket := **p.tcp
		socket.Port, ok = resolve(socket.Port)
		out.TCPSocket = &socket
	case p.grpc != nil && *p.grpc != nil:
		out.GRPC, ok = *p.grpc, true
	}
	if !ok {
		return nil
	}
	return out
}

// rewrite points the kubelet at the agent. Requests to the agent are plain
// HTTP, whatever the application speaks.
func (p probePlace) rewrite(agentPort int) {
	get := *p.http
	switch {
	case get != nil:
	case *p.tcp != nil, p.grpc != nil && *p.grpc != nil:
		get = &corev1.HTTPGetAction{}
		*p.http, *p.tcp = get, nil
		if p.grpc != nil {
			*p.grpc = nil
		}
	default:
		return
	}
	get.Port, get.Path = intstr.FromInt(agentPort), p.path
	if get.Scheme == corev1.URISchemeHTTPS {
		get.Scheme = corev1.URISchemeHTTP
	}
}

// rewritesProbes says whether a pod's probes are rewritten; mesh is the
// setting of the installation.
func rewritesProbes(annotations map[string]string, mesh bool) bool {
	if own, err := strconv.ParseBool(annotations[annotation.SidecarRewriteAppHTTPProbers.Name]); err == nil {
		return own
	}
	return mesh
}

// rewriteProbes makes the kubelet's probes reach the application in spite of
// mutual TLS: they go to the agent, which has the originals.
func rewriteProbes(pod *corev1.Pod, agentPort int32) error {
	proxy := findProxy(pod)
	if proxy == nil {
		return nil
	}
	probers := map[string]*prober{}
	target := int(agentPort)
	if own, err := strconv.Atoi(pod.Annotations[annotation.SidecarStatusPort.Name]); err == nil {
		target = own
	}
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for at := range containers {
			c := &containers[at]
			if c.Name == ProxyContainer {
				continue
			}
			ports := map[string]int32{}
			for _, port := range c.Ports {
				if port.Name != "" {
					ports[port.Name] = port.ContainerPort
				}
			}
			for _, place := range probePlaces(c) {
				if original := place.original(ports, agentPort); original != nil {
					probers[place.path] = original
				}
				place.rewrite(target)
			}
		}
	}
	if len(probers) == 0 {
		return nil
	}
	_, again := pod.Annotations[annotation.SidecarStatus.Name]
	return setProbers(proxy, probers, again)
}

// setProbers hands the originals to the agent. When a pod is injected again,
// those of the first time stay, because only they are the user's.
func setProbers(proxy *corev1.Container, probers map[string]*prober, again bool) error {
	at := len(proxy.Env)
	if again {
		for index, env := range proxy.Env {
			if env.Name != probersEnv {
				continue
			}
			at = index
			if err := json.Unmarshal([]byte(env.Value), &probers); err != nil {
				return fmt.Errorf("reading the original probes from %s: %w", probersEnv, err)
			}
		}
	}
	text, err := json.Marshal(probers)
	if err != nil {
		return fmt.Errorf("writing the original probes to %s: %w", probersEnv, err)
	}
	env := corev1.EnvVar{Name: probersEnv, Value: string(text)}
	if at < len(proxy.Env) {
		proxy.Env[at] = env
	} else {
		proxy.Env = append(proxy.Env, env)
	}
	return nil
}
