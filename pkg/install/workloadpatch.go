package install

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// workloadPatch says which object a field of components.*.k8s changes and where.
type workloadPatch struct {
	field string
	kind  string   // "" for the component's workload
	path  []string // where the value goes; nil element = the component's container
}

// inContainer stands for the component's container in a path.
const inContainer = "\x00container"

func workloadPatches() []workloadPatch {
	pod := func(keys ...string) []string { return append([]string{"spec", "template", "spec"}, keys...) }
	return []workloadPatch{
		{"affinity", "", pod("affinity")},
		{"env", "", pod(inContainer, "env")},
		{"hpaSpec", "HorizontalPodAutoscaler", []string{"spec"}},
		{"imagePullPolicy", "", pod(inContainer, "imagePullPolicy")},
		{"nodeSelector", "", pod("nodeSelector")},
		{"podAnnotations", "", []string{"spec", "template", "metadata", "annotations"}},
		{"podDisruptionBudget", "PodDisruptionBudget", []string{"spec"}},
		{"priorityClassName", "", pod("priorityClassName")},
		{"readinessProbe", "", pod(inContainer, "readinessProbe")},
		{"replicaCount", "", []string{"spec", "replicas"}},
		{"resources", "", pod(inContainer, "resources")},
		{"securityContext", "", pod("securityContext")},
		{"service", "Service", []string{"spec"}},
		{"serviceAnnotations", "Service", []string{"metadata", "annotations"}},
		{"strategy", "", []string{"spec", "strategy"}},
		{"tolerations", "", pod("tolerations")},
	}
}

// postProcess applies what the operator document says beyond Helm values: the
// k8s settings as strategic merge patches, then the overlays. The given
// objects stay as they are; changed ones are copies.
func postProcess(i instance, values Values, plain []*Object) (objects []*Object, warnings []string, err error) {
	objects = append(objects, plain...)
	if i.settings == nil {
		return objects, nil, nil
	}
	k8s := clone(lookupMap(i.raw, "k8s"))
	if _, ok := k8s["service"].(map[string]any); ok && i.gateway() {
		// Strategic merge of ports goes by number, not by name, and would duplicate
		// them. They have gone through the chart's values already.
		put(k8s, []any{}, "service", "ports")
	}
	name := workloadName(i, values)
	for _, p := range workloadPatches() {
		value := k8s[p.field]
		if value == nil {
			continue
		}
		kind := p.kind
		if kind == "" {
			kind = i.kind
		}
		patch := p.build(i.container, value)
		for n, o := range objects {
			if o.Kind != kind || o.Name != name {
				continue
			}
			if objects[n], err = patched(o, patch); err != nil {
				return nil, nil, fmt.Errorf("applying components.%s.k8s.%s to %s: %w", i.key, p.field, o.ID(), err)
			}
		}
	}
	warnings, err = applyOverlays(i, objects)
	return objects, warnings, err
}

// workloadName is the name of the workload and of what belongs to it.
func workloadName(i instance, values Values) string {
	if i.named != "" {
		return i.named
	}
	if revision := lookupString(values, "revision"); i.name == "Pilot" && revision != "" && revision != "default" {
		return i.workload + "-" + revision
	}
	return i.workload
}

// build nests a value below the patch's path.
func (p workloadPatch) build(container string, value any) Values {
	for n := len(p.path) - 1; n >= 0; n-- {
		if p.path[n] == inContainer {
			c := Values{"name": container}
			mergeInto(c, value.(map[string]any))
			value = Values{"containers": []any{c}}
			continue
		}
		value = Values{p.path[n]: value}
	}
	return value.(map[string]any)
}

// patched gives a changed copy of an object.
func patched(o *Object, patch Values) (*Object, error) {
	schema := patchSchema(o.Kind)
	if schema == nil {
		return nil, fmt.Errorf("patching kind %s is not supported", o.Kind)
	}
	// The patch goes through JSON so that its numbers compare with those of the
	// object (int64), whatever they were read as.
	var p map[string]any
	if err := convert(patch, &p); err != nil {
		return nil, err
	}
	content, err := strategicpatch.StrategicMergeMapPatch(clone(o.content), p, schema)
	if err != nil {
		return nil, err
	}
	if o.Kind == "PodDisruptionBudget" {
		keepOneLimit(content)
	}
	changed := *o
	changed.content = content
	return &changed, nil
}

// keepOneLimit unsets minAvailable if maxUnavailable is set; both together are
// refused by the API server. Like the peer it leaves an explicit null, which
// also takes the field away from an object that has it.
func keepOneLimit(pdb map[string]any) {
	spec := lookupMap(pdb, "spec")
	if spec["maxUnavailable"] != nil && spec["minAvailable"] != nil {
		spec["minAvailable"] = nil
	}
}

// patchSchema is the Go type that tells how lists of a kind merge.
func patchSchema(kind string) any {
	switch kind {
	case "Deployment":
		return appsv1.Deployment{}
	case "DaemonSet":
		return appsv1.DaemonSet{}
	case "HorizontalPodAutoscaler":
		return autoscalingv2.HorizontalPodAutoscaler{}
	case "PodDisruptionBudget":
		return policyv1.PodDisruptionBudget{}
	case "Service":
		return corev1.Service{}
	}
	return nil
}
