package install

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// checkCNI looks for settings of the cluster's network that stand in the way of
// the mesh's traffic capture.
func checkCNI(ctx context.Context, r *checkRun) ([]CheckResult, error) {
	var found []CheckResult
	felix, err := r.cluster.List(ctx, []schema.GroupKind{
		{Group: "projectcalico.org", Kind: "FelixConfiguration"},
		{Group: "crd.projectcalico.org", Kind: "FelixConfiguration"},
	}, "")
	if err != nil {
		return nil, err
	}
	for _, live := range felix {
		content, err := live.Map()
		if err != nil {
			return nil, err
		}
		spec := lookupMap(content, "spec")
		mode := lookupString(spec, "bpfConnectTimeLoadBalancing")
		if mode != "" && mode != "Disabled" || lookupBool(spec, "bpfConnectTimeLoadBalancingEnabled") {
			found = append(found, CheckResult{Status: Warn, Resource: "FelixConfiguration " + live.Name,
				Message: "Calico balances connections before the sidecar sees them",
				Hint:    "set bpfConnectTimeLoadBalancing: Disabled"})
		}
	}
	cilium, err := r.cluster.Get(ctx, schema.GroupKind{Kind: "ConfigMap"}, "kube-system", "cilium-config")
	if err != nil && !missing(err) {
		return nil, err
	}
	if err == nil {
		content, err := cilium.Map()
		if err != nil {
			return nil, err
		}
		found = append(found, ciliumProblems(lookupMap(content, "data"), r.options.Objects)...)
	}
	if found == nil {
		return ok("nothing in the cluster's network is known to disturb the mesh"), nil
	}
	return found, nil
}

// ciliumProblems reads Cilium's settings. Some matter only for components that
// are to be installed.
func ciliumProblems(data map[string]any, objects []*Object) []CheckResult {
	has := func(component string) bool {
		for _, o := range objects {
			if o.Component == component {
				return true
			}
		}
		return false
	}
	on := func(key string) bool { return data[key] == "true" }
	var found []CheckResult
	add := func(message, hint string) {
		found = append(found, CheckResult{Status: Warn, Resource: "ConfigMap kube-system/cilium-config", Message: message, Hint: hint})
	}
	if has("Cni") && on("cni-exclusive") {
		add("Cilium removes other CNI plugins, Istio's among them", "set cni-exclusive: false")
	}
	if has("Ztunnel") && on("enable-bpf-masquerade") {
		add("Cilium's masquerading breaks the health probes of pods in ambient mode", "set enable-bpf-masquerade: false")
	}
	if on("bpf-lb-sock") && !on("bpf-lb-sock-hostns-only") {
		add("Cilium balances connections before the sidecar sees them", "set bpf-lb-sock-hostns-only: true")
	}
	if data["kube-proxy-replacement"] == "strict" && !on("bpf-lb-sock-hostns-only") {
		add("Cilium in place of kube-proxy balances connections before the sidecar sees them", "set bpf-lb-sock-hostns-only: true")
	}
	return found
}
