package inject

import (
	"encoding/json"
	"fmt"

	"istio.io/api/annotation"
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

// statusOfTemplates lists what the rendered templates bring along.
func statusOfTemplates(added podMap, revision string) Status {
	return Status{
		InitContainers:   namesIn(added, "initContainers"),
		Containers:       namesIn(added, "containers"),
		Volumes:          namesIn(added, "volumes"),
		ImagePullSecrets: namesIn(added, "imagePullSecrets"),
		Revision:         revisionName(revision),
	}
}

func namesIn(pod podMap, field string) []string {
	var names []string
	for _, item := range listOf(pod, field) {
		if m, ok := item.(map[string]any); ok {
			name, _ := m["name"].(string)
			names = append(names, name)
		}
	}
	return names
}

func (s Status) encode() (string, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("writing annotation %s: %w", annotation.SidecarStatus.Name, err)
	}
	return string(text), nil
}
