package install

import (
	corev1 "k8s.io/api/core/v1"
)

// workloadSettings are those parts of components.*.k8s that are more than a
// patch: charts look at them while rendering.
type workloadSettings struct {
	HPA *struct {
		MinReplicas *int32 `json:"minReplicas"`
		MaxReplicas int32  `json:"maxReplicas"`
	} `json:"hpaSpec"`
	ReplicaCount uint32                       `json:"replicaCount"`
	Resources    *corev1.ResourceRequirements `json:"resources"`
	Service      *struct {
		Ports []corev1.ServicePort `json:"ports"`
	} `json:"service"`
	Overlays []overlay `json:"overlays"`
}

// overlay patches one rendered object.
type overlay struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Patches []struct {
		Path  string `json:"path"`
		Value any    `json:"value"`
	} `json:"patches"`
}
