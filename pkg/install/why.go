package install

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// crashLines is how much of a crashed container's log is told.
const crashLines = 5

// why looks for the reason that a workload does not get ready: its own
// conditions (quota, refused by a webhook), then its pods, then events. brief is
// for a look in between: no logs, no events.
func (r *runner) why(ctx context.Context, o *Object, brief bool) string {
	found, err := r.cluster.Get(ctx, o.groupKind(), o.Namespace, o.Name)
	if err != nil {
		return ""
	}
	content, err := found.Map()
	if err != nil {
		return ""
	}
	if reason := refused(content); reason != "" {
		return reason
	}
	var selector []string
	for key, value := range lookupMap(content, "spec", "selector", "matchLabels") {
		selector = append(selector, fmt.Sprintf("%s=%v", key, value))
	}
	if len(selector) == 0 {
		return ""
	}
	pods, err := r.cluster.List(ctx, []schema.GroupKind{{Kind: "Pod"}}, strings.Join(selector, ","))
	if err != nil {
		return ""
	}
	names := []string{o.Name}
	for _, found := range pods {
		pod, err := resource.As[corev1.Pod](found)
		if err != nil || pod.Namespace != o.Namespace {
			continue
		}
		if reason := r.podProblem(ctx, pod, brief); reason != "" {
			return "pod " + pod.Name + ": " + reason
		}
		names = append(names, pod.Name)
	}
	if brief {
		return ""
	}
	return r.lastWarning(ctx, o.Namespace, names...)
}

// refused reads the conditions by which controllers tell that they could not
// even make pods.
func refused(content map[string]any) string {
	for _, m := range lookupMaps(content, "status", "conditions") {
		if m["type"] == "ReplicaFailure" && m["status"] == "True" {
			return lookupString(m, "message")
		}
	}
	return ""
}

// podProblem says why a pod does not run; "" if it does, or does not tell.
func (r *runner) podProblem(ctx context.Context, pod *corev1.Pod, brief bool) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return "not scheduled: " + c.Message
		}
	}
	for _, c := range append(slices.Clone(pod.Status.InitContainerStatuses), pod.Status.ContainerStatuses...) {
		if text := stopped(c); text != "" && brief {
			return text
		} else if text != "" {
			return text + r.lastWords(ctx, pod, c)
		}
	}
	if brief {
		return ""
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionFalse && c.Message != "" {
			if warning := r.lastWarning(ctx, pod.Namespace, pod.Name); warning != "" {
				return c.Message + "; " + warning
			}
			return c.Message
		}
	}
	if warning := r.lastWarning(ctx, pod.Namespace, pod.Name); warning != "" && pod.Status.Phase != corev1.PodRunning {
		return warning
	}
	return ""
}

// stopped says why a container does not run, "" if it does or is on its way.
func stopped(c corev1.ContainerStatus) string {
	ended, text := c.LastTerminationState.Terminated, ""
	switch {
	case c.State.Waiting != nil:
		if c.State.Waiting.Reason == "PodInitializing" || c.State.Waiting.Reason == "ContainerCreating" {
			return ""
		}
		text = fmt.Sprintf("container %s: %s", c.Name, c.State.Waiting.Reason)
		if c.State.Waiting.Message != "" {
			text += ": " + c.State.Waiting.Message
		}
	case c.State.Terminated != nil && c.State.Terminated.ExitCode != 0: // it is about to be started again
		ended = c.State.Terminated
		text = fmt.Sprintf("container %s: %s", c.Name, ended.Reason)
	default:
		return ""
	}
	if ended != nil {
		text += fmt.Sprintf(" (exit code %d)", ended.ExitCode)
	}
	return text
}

// lastWords are the last lines of a container that ended.
func (r *runner) lastWords(ctx context.Context, pod *corev1.Pod, c corev1.ContainerStatus) string {
	if r.options.Logs == nil || c.LastTerminationState.Terminated == nil && c.State.Terminated == nil {
		return ""
	}
	text, err := r.options.Logs.LastLines(ctx, pod.Namespace, pod.Name, c.Name, crashLines)
	if err != nil || strings.TrimSpace(text) == "" {
		return ""
	}
	return ", last lines:\n    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")
}
