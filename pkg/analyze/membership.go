package analyze

import (
	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// inMesh reports whether a workload has a sidecar, or will get one.
func (m *Mesh) inMesh(w *workload) bool {
	if w.Spec.proxyImage() != "" {
		return true
	}
	for _, metadata := range []map[string]string{w.Labels, w.Annotations} {
		if value, set := metadata[istio.SidecarInject]; set {
			return value == "true"
		}
	}
	namespace := m.namespaces()[w.Namespace]
	return namespace != nil && namespace.Labels[istio.InjectionLabel] == istio.InjectionEnabled
}

func (w *workload) inAmbientMode() bool {
	return w.Annotations[istio.AmbientRedirection] == "enabled"
}

// willBeInAmbientMode is inAmbientMode for the pods that a template will make.
func (m *Mesh) willBeInAmbientMode(w *workload) bool {
	return !w.Pod && w.Labels[istio.DataplaneModeLabel] != "none" &&
		(w.Labels[istio.DataplaneModeLabel] == "ambient" || namespaceInAmbientMode(m.namespaces()[w.Namespace]))
}

// namespaceInAmbientMode reports whether a namespace's pods are captured by
// ztunnel; injection labels take precedence.
func namespaceInAmbientMode(namespace *resource.Object) bool {
	if namespace == nil || namespace.Labels[istio.InjectionLabel] == istio.InjectionEnabled || namespace.Labels[istio.RevisionLabel] != "" {
		return false
	}
	return namespace.Labels[istio.DataplaneModeLabel] == "ambient"
}
