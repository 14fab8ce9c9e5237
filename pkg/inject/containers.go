package inject

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

func findContainer(containers []corev1.Container, name string) *corev1.Container {
	for at := range containers {
		if containers[at].Name == name {
			return &containers[at]
		}
	}
	return nil
}

// findProxy gives the pod's proxy, native sidecar or not; nil if it has none.
func findProxy(pod *corev1.Pod) *corev1.Container {
	if proxy := findContainer(pod.Spec.Containers, ProxyContainer); proxy != nil {
		return proxy
	}
	return findContainer(pod.Spec.InitContainers, ProxyContainer)
}

func withoutContainers(containers []corev1.Container, names ...string) []corev1.Container {
	return slices.DeleteFunc(slices.Clone(containers), func(c corev1.Container) bool {
		return slices.Contains(names, c.Name)
	})
}

// orderContainers puts the mesh's containers where they have to run. The proxy
// comes last, so that kubectl's default container is the user's, or first when
// applications wait for it.
func orderContainers(pod *corev1.Pod, proxyFirst bool) {
	spec := &pod.Spec
	if proxyFirst {
		moveFirst(spec.Containers, ProxyContainer)
	} else {
		moveLast(spec.Containers, ProxyContainer)
	}
	if findContainer(spec.InitContainers, ProxyContainer) != nil {
		// A native sidecar comes first, so that init containers are in the mesh.
		moveFirst(spec.InitContainers, coreDumpContainer)
		moveFirst(spec.InitContainers, ProxyContainer)
		moveFirst(spec.InitContainers, validationContainer)
		moveFirst(spec.InitContainers, initContainer)
		return
	}
	// Redirection is checked before and set up after the user's init
	// containers, which would have no proxy to talk to.
	moveFirst(spec.InitContainers, validationContainer)
	moveLast(spec.InitContainers, initContainer)
	moveLast(spec.InitContainers, coreDumpContainer)
}

func moveFirst(containers []corev1.Container, name string) {
	rank := func(c corev1.Container) int {
		if c.Name == name {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(containers, func(a, b corev1.Container) int { return rank(a) - rank(b) })
}

func moveLast(containers []corev1.Container, name string) {
	rank := func(c corev1.Container) int {
		if c.Name == name {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(containers, func(a, b corev1.Container) int { return rank(a) - rank(b) })
}
