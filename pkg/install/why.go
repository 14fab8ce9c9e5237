package install

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// crashLines is how much of a crashed container's log is told.
const crashLines = 5

// why looks for the reason that a workload does not get ready: its own
// conditions (quota, refused by a webhook), then its newest pods.
func (r *runner) why(ctx context.Context, o *Object) string {
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
	for _, found := range pods {
		pod, err := resource.As[corev1.Pod](found)
		if err != nil || pod.Namespace != o.Namespace {
			continue
		}
		if reason := r.podProblem(ctx, pod); reason != "" {
			return "pod " + pod.Name + ": " + reason
		}
	}
	return ""
}

// refused reads the conditions by which controllers tell that they could not
// even make pods.
func refused(content map[string]any) string {
	conditions, _ := lookup(content, "status", "conditions")
	list, _ := conditions.([]any)
	for _, c := range list {
		m, _ := c.(map[string]any)
		if m["type"] == "ReplicaFailure" && m["status"] == "True" {
			return lookupString(m, "message")
		}
	}
	return ""
}

// podProblem says why a pod does not run; "" if it does.
func (r *runner) podProblem(ctx context.Context, pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return "not scheduled: " + c.Message
		}
	}
	statuses := append(append([]corev1.ContainerStatus(nil), pod.Status.InitContainerStatuses...), pod.Status.ContainerStatuses...)
	for _, c := range statuses {
		if c.State.Waiting == nil || c.State.Waiting.Reason == "PodInitializing" || c.State.Waiting.Reason == "ContainerCreating" {
			continue
		}
		text := fmt.Sprintf("container %s: %s", c.Name, c.State.Waiting.Reason)
		if c.State.Waiting.Message != "" {
			text += ": " + c.State.Waiting.Message
		}
		if c.LastTerminationState.Terminated != nil {
			text += fmt.Sprintf(" (exit code %d)", c.LastTerminationState.Terminated.ExitCode)
			text += r.lastWords(ctx, pod, c.Name)
		}
		return text
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionFalse && c.Message != "" {
			return c.Message
		}
	}
	return ""
}

func (r *runner) lastWords(ctx context.Context, pod *corev1.Pod, container string) string {
	if r.options.Logs == nil {
		return ""
	}
	text, err := r.options.Logs.LastLines(ctx, pod.Namespace, pod.Name, container, crashLines)
	if err != nil || strings.TrimSpace(text) == "" {
		return ""
	}
	return ", last lines:\n    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")
}
