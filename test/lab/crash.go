package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// crashed says of a container, as a kubelet does, that its program has ended and
// is started again: in the pod's status, and by a log of the run before.
func (r *Runtime) crashed(ctx context.Context, pod *corev1.Pod, container string, code int) error {
	log := r.lab.containerLog(pod.Namespace, pod.Name, container)
	previous := log + ".previous"
	if err := os.Rename(log, previous); err != nil {
		return fmt.Errorf("keeping the log of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	if err := os.WriteFile(log, nil, 0o644); err != nil {
		return fmt.Errorf("keeping the log of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	if err := r.lab.serveLog(ctx, pod.Namespace, pod.Name, container, previous); err != nil {
		return err
	}
	pods := r.lab.Client.CoreV1().Pods(pod.Namespace)
	now, err := pods.Get(ctx, pod.Name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("telling of the end of a container: %w", err)
	}
	for _, statuses := range [][]corev1.ContainerStatus{now.Status.ContainerStatuses, now.Status.InitContainerStatuses} {
		for i := range statuses {
			if statuses[i].Name != container {
				continue
			}
			statuses[i].RestartCount++
			statuses[i].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
				Reason: "CrashLoopBackOff", Message: "the lab starts it again in a moment",
			}}
			statuses[i].LastTerminationState = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				ExitCode: int32(code), Reason: "Error", FinishedAt: metav1.Now(),
			}}
		}
	}
	patch, err := json.Marshal(map[string]any{"status": map[string]any{
		"containerStatuses": now.Status.ContainerStatuses, "initContainerStatuses": now.Status.InitContainerStatuses,
	}})
	if err != nil {
		return fmt.Errorf("telling of the end of a container: %w", err)
	}
	if _, err := pods.Patch(ctx, pod.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status"); err != nil {
		return fmt.Errorf("telling of the end of a container: %w", err)
	}
	return nil
}
