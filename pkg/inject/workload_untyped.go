package inject

import (
	"cmp"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	strictjson "sigs.k8s.io/json"

	"github.com/meshctl/meshctl/internal/resource"
)

// The kinds that are injected but have no Go types among this module's
// dependencies.
const (
	openShiftApps = "apps.openshift.io"
	argo          = "argoproj.io"
)

// isUntyped says whether a kind is injected without a Go type of its own.
// DeploymentConfigs of OpenShift 3 are in the core group.
func isUntyped(kind schema.GroupVersionKind) bool {
	switch kind.Kind {
	case "DeploymentConfig":
		return kind.Group == openShiftApps || kind.Group == ""
	case "Rollout":
		return kind.Group == argo
	}
	return false
}

// readUntyped reads an object of which only the pod template matters.
func readUntyped(kind schema.GroupVersionKind, text []byte) (*workload, error) {
	var object map[string]any
	var header struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
		Spec     struct {
			Template json.RawMessage `json:"template"`
		} `json:"spec"`
	}
	if err := utiljson.Unmarshal(text, &object); err != nil {
		return nil, fmt.Errorf("reading %s: %w", kind.Kind, err)
	}
	if err := json.Unmarshal(text, &header); err != nil {
		return nil, typeError(err, text, nil)
	}
	if raw := header.Spec.Template; len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	template := &corev1.PodTemplateSpec{}
	faults, err := strictjson.UnmarshalStrict(header.Spec.Template, template)
	if err != nil {
		// As in readWorkload.
		err := cmp.Or(json.Unmarshal(header.Spec.Template, &corev1.PodTemplateSpec{}), err)
		return nil, typeError(err, header.Spec.Template, resource.FieldPath{"spec", "template"})
	}
	w := &workload{object: object, meta: &template.ObjectMeta, spec: &template.Spec}
	w.unknown = unknownFields(text, "spec.template.", faults)
	w.owner = Owner{Namespace: header.Metadata.Namespace, Name: header.Metadata.Name}
	w.owner.APIVersion, w.owner.Kind = kind.ToAPIVersionAndKind()
	w.store = func() error {
		m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(template)
		if err != nil {
			return fmt.Errorf("writing the pod template of %s: %w", kind.Kind, err)
		}
		spec := object["spec"].(map[string]any)
		spec["template"] = m
		if kind.Kind == "DeploymentConfig" {
			deploymentConfigDefaults(object, spec)
		}
		return nil
	}
	return w, nil
}

// deploymentConfigDefaults adds the fields that OpenShift's own types always
// write, as encoding a Go type does for all other kinds.
func deploymentConfigDefaults(object, spec map[string]any) {
	setDefault(spec, "strategy", map[string]any{})
	setDefault(spec, "test", false)
	setDefault(spec, "triggers", nil)
	setDefault(spec, "replicas", int64(0))
	if strategy, ok := spec["strategy"].(map[string]any); ok {
		setDefault(strategy, "resources", map[string]any{})
	}
	for _, zero := range []string{"paused", "minReadySeconds"} {
		if v := spec[zero]; v == false || v == int64(0) {
			delete(spec, zero)
		}
	}
	setDefault(object, "status", map[string]any{})
	if status, ok := object["status"].(map[string]any); ok {
		for _, field := range []string{
			"availableReplicas", "latestVersion", "observedGeneration", "replicas", "unavailableReplicas", "updatedReplicas",
		} {
			setDefault(status, field, int64(0))
		}
	}
}

// withoutDeploymentConfigDefaults drops those of them that people do not write.
func withoutDeploymentConfigDefaults(object map[string]any) {
	spec, _ := object["spec"].(map[string]any)
	for key, zero := range map[string]any{"test": false, "replicas": int64(0)} {
		if spec[key] == zero {
			delete(spec, key)
		}
	}
}

func setDefault(m map[string]any, key string, value any) {
	if _, ok := m[key]; !ok {
		m[key] = value
	}
}
