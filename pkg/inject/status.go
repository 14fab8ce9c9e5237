package inject

import (
	"encoding/json"
	"fmt"

	"istio.io/api/annotation"
	corev1 "k8s.io/api/core/v1"
)

// Status is the annotation sidecar.istio.io/status: what injection has added
// to a pod, and for which revision.
type Status struct {
	InitContainers   []string `json:"initContainers"`
	Containers       []string `json:"containers"`
	Volumes          []string `json:"volumes"`
	ImagePullSecrets []string `json:"imagePullSecrets"`
	Revision         string   `json:"revision"`
}

// StatusOf reads a pod's status annotation. The second result is false when
// the pod has none or one that cannot be read, which is to say that it has
// not been injected.
func StatusOf(annotations map[string]string) (Status, bool) {
	var s Status
	text, ok := annotations[annotation.SidecarStatus.Name]
	if !ok || json.Unmarshal([]byte(text), &s) != nil {
		return Status{}, false
	}
	return s, true
}

// statusOfTemplate lists what the rendered template brings along.
func statusOfTemplate(spec corev1.PodSpec, revision string) Status {
	s := Status{Revision: revisionName(revision)}
	for _, c := range spec.InitContainers {
		s.InitContainers = append(s.InitContainers, c.Name)
	}
	for _, c := range spec.Containers {
		s.Containers = append(s.Containers, c.Name)
	}
	for _, v := range spec.Volumes {
		s.Volumes = append(s.Volumes, v.Name)
	}
	for _, secret := range spec.ImagePullSecrets {
		s.ImagePullSecrets = append(s.ImagePullSecrets, secret.Name)
	}
	return s
}

func (s Status) encode() (string, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("writing annotation %s: %w", annotation.SidecarStatus.Name, err)
	}
	return string(text), nil
}
