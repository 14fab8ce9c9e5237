package install

import (
	"fmt"
)

// chartValues gives the Helm values of one instance: the common values, plus
// what its entry below spec.components says, in the form its chart expects.
func chartValues(tree Values, i instance) (Values, error) {
	t := Values{"spec": Values{"values": clone(lookupMap(tree, "spec", "values"))}}
	if i.gateway() {
		put(t, i.named, i.rootPath("name")...)
		if i.raw != nil {
			put(t, clone(i.labels), i.rootPath("labels")...)
		} else {
			put(t, nil, i.rootPath("labels")...)
		}
	}
	if err := putWorkloadSettings(t, i); err != nil {
		return nil, err
	}
	if i.hub != "" {
		put(t, i.hub, i.rootPath("hub")...)
	}
	if i.tag != nil {
		put(t, i.tag, i.rootPath("tag")...)
	}
	values := lookupMap(t, "spec", "values")
	if i.flat {
		values = flatten(values, i.root)
	}
	return values, nil
}

// putWorkloadSettings tells the chart those k8s settings that decide what it
// renders; the rest is patched in afterwards.
func putWorkloadSettings(t Values, i instance) error {
	k8s := i.settings
	if k8s == nil {
		return nil
	}
	if i.gateway() && k8s.Service != nil && len(k8s.Service.Ports) > 0 {
		var ports []any
		if err := convert(k8s.Service.Ports, &ports); err != nil {
			return fmt.Errorf("reading the service ports of %s: %w", i.label(), err)
		}
		put(t, ports, i.rootPath("ports")...)
	}
	if i.kind == "Deployment" {
		if k8s.HPA != nil && k8s.HPA.MinReplicas != nil {
			put(t, int64(*k8s.HPA.MinReplicas), i.rootPath("autoscaleMin")...)
		}
		if k8s.HPA != nil && k8s.HPA.MaxReplicas > 0 {
			put(t, int64(k8s.HPA.MaxReplicas), i.rootPath("autoscaleMax")...)
		}
		if k8s.ReplicaCount > 0 {
			put(t, int64(k8s.ReplicaCount), i.rootPath("replicaCount")...)
		}
	}
	if k8s.Resources != nil {
		if cpu := k8s.Resources.Limits.Cpu(); !cpu.IsZero() {
			put(t, cpu.String(), i.rootPath("resources", "limits", "cpu")...)
		}
		if cpu := k8s.Resources.Requests.Cpu(); !cpu.IsZero() {
			put(t, cpu.String(), i.rootPath("resources", "requests", "cpu")...)
		}
	}
	return nil
}

// flatten lifts the values below root to the top, beside global and the other
// scalars; mappings of other components are left out.
func flatten(values Values, root string) Values {
	own, ok := values[root].(map[string]any)
	if !ok {
		return values
	}
	out := Values{"global": values["global"]}
	for key, value := range values {
		if _, isMap := value.(map[string]any); !isMap {
			out[key] = value
		}
	}
	for key, value := range own {
		out[key] = value
	}
	return out
}
