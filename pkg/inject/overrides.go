package inject

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"istio.io/api/annotation"
	meshv1alpha1 "istio.io/api/mesh/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// overrides are containers that users have written themselves under the name
// of an injected one, to change it. They are kept in the annotation
// proxy.istio.io/overrides, because in the injected pod they can no longer be
// told from what the template brought.
type overrides struct {
	Containers     []corev1.Container `json:"containers,omitempty"`
	InitContainers []corev1.Container `json:"initContainers,omitempty"`
}

func overridesOf(annotations map[string]string) (overrides, error) {
	var o overrides
	text, ok := annotations[annotation.ProxyOverrides.Name]
	if !ok {
		return o, nil
	}
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return o, &AnnotationError{Name: annotation.ProxyOverrides.Name, Value: text, Err: err}
	}
	return o, nil
}

// beforeInjection is the pod as templates are to see it: without what an
// earlier injection has added.
func beforeInjection(pod *corev1.Pod, mesh *meshv1alpha1.MeshConfig) (*corev1.Pod, error) {
	status, injected := StatusOf(pod.Annotations)
	kept, err := overridesOf(pod.Annotations)
	if err != nil {
		return nil, err
	}
	if !injected && len(kept.Containers) == 0 && len(kept.InitContainers) == 0 {
		return pod, nil
	}
	pod = pod.DeepCopy()
	if injected {
		pod.Spec.Containers = withoutContainers(pod.Spec.Containers, status.Containers...)
		pod.Spec.InitContainers = withoutContainers(pod.Spec.InitContainers, status.InitContainers...)
		if port, ok := prometheusPort(pod.Annotations); ok && port == statusPort(mesh) {
			clearPrometheus(pod.Annotations)
		}
		delete(pod.Annotations, annotation.SidecarStatus.Name)
	}
	for _, c := range kept.Containers {
		if findContainer(pod.Spec.Containers, c.Name) == nil {
			pod.Spec.Containers = append(pod.Spec.Containers, c)
		}
	}
	for _, c := range kept.InitContainers {
		if findContainer(pod.Spec.InitContainers, c.Name) == nil {
			pod.Spec.InitContainers = append(pod.Spec.InitContainers, c)
		}
	}
	return pod, nil
}

// reapplyOverrides lays the user's own settings of injected containers over
// the merged pod once more, so that they win over the templates.
func (i *Injector) reapplyOverrides(merged podMap, original *corev1.Pod, added Status) (podMap, error) {
	earlier, err := overridesOf(original.Annotations)
	if err != nil {
		return nil, err
	}
	status, injected := StatusOf(original.Annotations)
	var found overrides
	for _, name := range added.Containers {
		if slices.Contains(status.Containers, name) {
			continue // the template's own, from the last injection
		}
		own := findContainer(earlier.Containers, name)
		if own == nil {
			own = findContainer(original.Spec.Containers, name)
		}
		if own == nil {
			continue
		}
		own = withoutAutoImage(own)
		found.Containers = append(found.Containers, *own)
		if merged, err = i.overlayContainer(merged, "containers", own); err != nil {
			return nil, err
		}
	}
	for _, name := range added.InitContainers {
		if slices.Contains(status.InitContainers, name) {
			continue
		}
		own := findContainer(earlier.InitContainers, name)
		if own == nil {
			own = findContainer(original.Spec.Containers, name)
		}
		if own == nil {
			own = findContainer(original.Spec.InitContainers, name)
		}
		if own == nil {
			continue
		}
		own = withoutAutoImage(own)
		found.InitContainers = append(found.InitContainers, *own)
		if merged, err = i.overlayContainer(merged, "initContainers", own); err != nil {
			return nil, err
		}
	}
	if injected || len(found.Containers)+len(found.InitContainers) == 0 {
		return merged, nil
	}
	text, err := json.Marshal(found)
	if err != nil {
		return nil, fmt.Errorf("writing annotation %s: %w", annotation.ProxyOverrides.Name, err)
	}
	return i.overlay(merged, podMap{"metadata": map[string]any{
		"annotations": map[string]any{annotation.ProxyOverrides.Name: string(text)},
	}})
}

func withoutAutoImage(c *corev1.Container) *corev1.Container {
	c = c.DeepCopy()
	if c.Image == autoImage {
		c.Image = ""
	}
	return c
}

func (i *Injector) overlayContainer(pod podMap, field string, c *corev1.Container) (podMap, error) {
	// A template's mistake is told even where the user's own container hides it.
	if _, err := toPod(pod); err != nil {
		return nil, err
	}
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(c)
	if err != nil {
		return nil, err
	}
	return i.overlay(pod, podMap{"spec": map[string]any{field: []any{m}}})
}

// adjustInitUser brings the user ID that a user has given the proxy to the
// container that sets up or checks redirection: it exempts that user's traffic.
func adjustInitUser(pod, original *corev1.Pod, config *meshv1alpha1.ProxyConfig) {
	own := findProxy(original)
	if own == nil || own.SecurityContext == nil {
		return
	}
	user, group := own.SecurityContext.RunAsUser, own.SecurityContext.RunAsGroup
	if user == nil && group == nil {
		return
	}
	setup := findContainer(pod.Spec.InitContainers, initContainer)
	if setup == nil {
		setup = findContainer(pod.Spec.InitContainers, validationContainer)
	}
	if setup == nil {
		return
	}
	tproxy := config.GetInterceptionMode() == meshv1alpha1.ProxyConfig_TPROXY ||
		pod.Annotations[annotation.SidecarInterceptionMode.Name] == meshv1alpha1.ProxyConfig_TPROXY.String()
	if tproxy && user != nil {
		// A transparent proxy needs root, whoever it is asked to be.
		if proxy := findProxy(pod); proxy != nil && proxy.SecurityContext != nil {
			proxy.SecurityContext.RunAsUser = new(int64)
		}
	}
	if !tproxy && setup.Name == validationContainer {
		if setup.SecurityContext == nil {
			setup.SecurityContext = &corev1.SecurityContext{}
		}
		if user != nil {
			setup.SecurityContext.RunAsUser = user
		}
		if group != nil {
			setup.SecurityContext.RunAsGroup = group
		}
	}
	if user == nil || *user == 0 {
		return // root cannot be exempted
	}
	if at := slices.Index(setup.Args, "-u"); at >= 0 && at+1 < len(setup.Args) {
		setup.Args[at+1] = strconv.FormatInt(*user, 10)
	}
}
