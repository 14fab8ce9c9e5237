package inject

import (
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Owner is the workload that a pod belongs to, as far as templates need it.
type Owner struct {
	metav1.TypeMeta
	Namespace, Name string
}

// scheduledJob is the name that a CronJob gives its Jobs.
var scheduledJob = regexp.MustCompile(`^(.+)-\d{8,10}$`)

// podOwner finds the workload behind a pod from the pod alone, as istiod has
// to: by the controller's name and the labels that controllers set.
func podOwner(pod *corev1.Pod) Owner {
	owner := Owner{Namespace: pod.Namespace, Name: pod.Name}
	owner.APIVersion, owner.Kind = "v1", "Pod"
	controller := metav1.GetControllerOf(pod)
	if pod.GenerateName == "" || controller == nil {
		return owner
	}
	owner.APIVersion, owner.Kind, owner.Name = controller.APIVersion, controller.Kind, controller.Name
	trim := func(label string) (string, bool) {
		hash := pod.Labels[label]
		if hash == "" || !strings.HasSuffix(controller.Name, hash) {
			return "", false
		}
		return strings.TrimSuffix(controller.Name, "-"+hash), true
	}
	switch controller.Kind {
	case "ReplicaSet":
		if name, ok := trim("pod-template-hash"); ok {
			owner.Kind, owner.Name = "Deployment", name
		} else if name, ok := trim("rollouts-pod-template-hash"); ok {
			owner.APIVersion, owner.Kind, owner.Name = "v1alpha1", "Rollout", name
		}
	case "ReplicationController":
		if name := pod.Labels["deploymentconfig"]; name != "" {
			owner.Kind, owner.Name = "DeploymentConfig", name
		}
	case "Job":
		if m := scheduledJob.FindStringSubmatch(controller.Name); m != nil {
			owner.APIVersion, owner.Kind, owner.Name = "batch/v1", "CronJob", m[1]
		}
	}
	return owner
}
