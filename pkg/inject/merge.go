package inject

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// podMap is a pod as plain maps and lists, the form in which patches are laid
// over it.
type podMap = map[string]any

func toMap(pod *corev1.Pod) (podMap, error) {
	return runtime.DefaultUnstructuredConverter.ToUnstructured(pod)
}

func toPod(m podMap) (*corev1.Pod, error) {
	pod := &corev1.Pod{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(m, pod); err != nil {
		return nil, fmt.Errorf("reading the pod with the template's output merged in: %w", err)
	}
	return pod, nil
}

// overlay lays a part of a pod over a pod by the rules of a strategic merge
// patch: lists with merge keys (containers, env, volumes) are merged entry by
// entry. Both arguments are used up.
func (i *Injector) overlay(base, part podMap) (podMap, error) {
	merged, err := strategicpatch.StrategicMergeMapPatchUsingLookupPatchMeta(base, part, i.schema)
	if err != nil {
		return nil, fmt.Errorf("merging the template's output into the pod: %w", err)
	}
	return merged, nil
}

// hasDirectives says whether a part of a pod tells how it is to be merged, by
// keys such as $patch, in a place that decides what is in the pod.
func hasDirectives(part podMap) bool {
	is := func(v any) bool {
		m, _ := v.(map[string]any)
		for key := range m {
			if strings.HasPrefix(key, "$") {
				return true
			}
		}
		return false
	}
	spec, _ := part["spec"].(map[string]any)
	if is(part) || is(spec) {
		return true
	}
	for _, list := range spec {
		if list, ok := list.([]any); ok && slices.ContainsFunc(list, is) {
			return true
		}
	}
	return false
}

// listOf gives a list in a pod's spec, such as its containers.
func listOf(pod podMap, field string) []any {
	spec, _ := pod["spec"].(map[string]any)
	list, _ := spec[field].([]any)
	return list
}

func containerIndex(containers []any, name string) int {
	for at, c := range containers {
		if c, ok := c.(map[string]any); ok && c["name"] == name {
			return at
		}
	}
	return -1
}
