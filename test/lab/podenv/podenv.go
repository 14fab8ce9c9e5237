// Package podenv works out what a kubelet would hand to a container: its
// environment and its arguments.
package podenv

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Of returns the environment that a kubelet would give to a
// container, without the values that are read from Secrets, ConfigMaps and
// resource limits.
func Of(pod *corev1.Pod, container *corev1.Container) map[string]string {
	env := map[string]string{}
	for _, e := range container.Env {
		switch {
		case e.ValueFrom == nil:
			env[e.Name] = expand(e.Value, env)
		case e.ValueFrom.FieldRef != nil:
			env[e.Name] = podField(pod, e.ValueFrom.FieldRef.FieldPath)
		}
	}
	return env
}

// Args returns the arguments of a container with $(NAME) replaced.
func Args(container *corev1.Container, env map[string]string) []string {
	args := slices.Clone(container.Args)
	for i := range args {
		args[i] = expand(args[i], env)
	}
	return args
}

func expand(value string, env map[string]string) string {
	for name, v := range env {
		value = strings.ReplaceAll(value, "$("+name+")", v)
	}
	return value
}

// podField returns a field of a pod by the path that the downward API uses.
func podField(pod *corev1.Pod, path string) string {
	switch path {
	case "metadata.name":
		return pod.Name
	case "metadata.namespace":
		return pod.Namespace
	case "metadata.uid":
		return string(pod.UID)
	case "spec.nodeName":
		return pod.Spec.NodeName
	case "spec.serviceAccountName":
		return pod.Spec.ServiceAccountName
	case "status.podIP":
		return pod.Status.PodIP
	case "status.hostIP":
		return pod.Status.HostIP
	}
	for prefix, values := range map[string]map[string]string{"metadata.labels['": pod.Labels, "metadata.annotations['": pod.Annotations} {
		if key, ok := strings.CutPrefix(path, prefix); ok {
			return values[strings.TrimSuffix(key, "']")]
		}
	}
	return ""
}
