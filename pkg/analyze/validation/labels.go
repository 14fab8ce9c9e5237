package validation

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	typev1beta1 "istio.io/api/type/v1beta1"

	"github.com/meshctl/meshctl/internal/resource"
)

// labels checks a map of Kubernetes labels.
func (r *report) labels(at resource.FieldPath, set map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(set)) {
		switch parts := labelKeyRegexp.FindStringSubmatch(key); {
		case parts == nil:
			r.errorf(sub(at, key), "%q cannot be the key of a label", key)
		case len(parts[1]) > 254:
			r.errorf(sub(at, key), "%q cannot be the key of a label: its prefix is too long", key)
		case len(parts[2]) > maxLabel:
			r.errorf(sub(at, key), "%q cannot be the key of a label: its name is too long", key)
		}
		if value := set[key]; !labelValueRegexp.MatchString(value) {
			r.errorf(sub(at, key), "%q cannot be the value of a label", value)
		}
	}
}

// pairs checks the labels of a selector, which must be exact.
func (r *report) pairs(at resource.FieldPath, set map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if key == "" {
			r.errorf(at, "the selector has an empty key, with value %q", set[key])
		}
		if strings.Contains(key, "*") || strings.Contains(set[key], "*") {
			r.errorf(sub(at, key), "the selector must not have wildcards: %s=%s", key, set[key])
		}
	}
}

// selector checks a policy's selector.
func (r *report) selector(selector *typev1beta1.WorkloadSelector) {
	if selector == nil {
		return
	}
	r.pairs(sub(spec(), "selector", "matchLabels"), selector.GetMatchLabels())
	if len(selector.GetMatchLabels()) == 0 {
		r.warnf(sub(spec(), "selector"), "the selector has no labels: it selects everything")
	}
}

// workloadSelector checks the older form of a selector. It reports whether
// the rest of the object is worth a look.
func (r *report) workloadSelector(selector *networking.WorkloadSelector) bool {
	if selector == nil {
		return true
	}
	before := len(r.problems)
	r.pairs(sub(spec(), "workloadSelector", "labels"), selector.GetLabels())
	if len(r.problems) > before {
		return false
	}
	if len(selector.GetLabels()) == 0 {
		r.warnf(sub(spec(), "workloadSelector"), "the selector has no labels: it selects everything in the namespace")
	}
	return true
}

// targets checks what a policy is attached to.
func (r *report) targets(selector *typev1beta1.WorkloadSelector, ref *typev1beta1.PolicyTargetReference, refs []*typev1beta1.PolicyTargetReference) {
	set := 0
	for _, used := range []bool{selector != nil, ref != nil, len(refs) > 0} {
		if used {
			set++
		}
	}
	if set > 1 {
		r.errorf(spec(), "only one of selector, targetRef and targetRefs can be set")
	}
	r.selector(selector)
	r.targetRef(sub(spec(), "targetRef"), ref)
	for i, ref := range refs {
		r.targetRef(sub(spec(), "targetRefs", i), ref)
	}
}

func (r *report) targetRef(at resource.FieldPath, ref *typev1beta1.PolicyTargetReference) {
	if ref == nil {
		return
	}
	if ref.GetName() == "" {
		r.errorf(sub(at, "name"), "the target needs a name")
	}
	if ref.GetNamespace() != "" {
		r.errorf(sub(at, "namespace"), "the target must be in the policy's own namespace: leave namespace out")
	}
	switch ref.GetGroup() + "/" + ref.GetKind() {
	case "/Service", "core/Service", "networking.istio.io/ServiceEntry",
		"gateway.networking.k8s.io/Gateway", "gateway.networking.k8s.io/GatewayClass":
	default:
		r.errorf(sub(at, "kind"), "the target must be a Service, ServiceEntry, Gateway or GatewayClass, not %s of group %q", ref.GetKind(), ref.GetGroup())
	}
}
