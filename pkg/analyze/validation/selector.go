package validation

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	typev1beta1 "istio.io/api/type/v1beta1"

	"github.com/meshctl/meshctl/internal/istio"
)

// selectorLabels checks the labels that a selector wants; selectors compare
// whole values.
func (c *checker) selectorLabels(at *place, labels map[string]string) (valid bool) {
	before := len(c.issues)
	for _, key := range sortedKeys(labels) {
		value := labels[key]
		if key == "" {
			c.failf(at, "the selector has an empty key with the value %q", value)
		}
		if strings.Contains(key, "*") || strings.Contains(value, "*") {
			c.failf(at.Child(key), "%q: a selector cannot have wildcards", key+"="+value)
		}
	}
	return len(c.issues) == before
}

// workloadSelector checks the selector of policies.
func (c *checker) workloadSelector(at *place, selector *typev1beta1.WorkloadSelector) {
	if selector == nil {
		return
	}
	c.selectorLabels(at.Child("matchLabels"), selector.MatchLabels)
	if len(selector.MatchLabels) == 0 {
		c.warnf(at, "the selector has no labels, so it selects all workloads")
	}
}

// networkingSelector checks the selector of Sidecar, ServiceEntry and
// EnvoyFilter. If it is not valid, nothing else of the object is looked at.
func (c *checker) networkingSelector(at *place, selector *networking.WorkloadSelector) (valid bool) {
	if selector == nil {
		return true
	}
	if !c.selectorLabels(at.Child("labels"), selector.Labels) {
		return false
	}
	if len(selector.Labels) == 0 {
		c.warnf(at, "the selector has no labels, so it selects all workloads of the namespace")
	}
	return true
}

// attachment is how a policy names what it is for.
type attachment struct {
	selector *typev1beta1.WorkloadSelector
	ref      *typev1beta1.PolicyTargetReference
	refs     []*typev1beta1.PolicyTargetReference
}

// attachment checks that a policy names its targets in one way, and that these exist as kinds.
func (c *checker) attachment(at *place, a attachment) {
	ways := 0
	for _, used := range []bool{a.selector != nil, a.ref != nil, len(a.refs) > 0} {
		if used {
			ways++
		}
	}
	if ways > 1 {
		c.failf(at, "only one of selector and targetRefs can be set")
	}
	c.workloadSelector(at.Child("selector"), a.selector)
	if a.ref != nil {
		c.targetRef(at.Child("targetRef"), a.ref)
	}
	for i, ref := range a.refs {
		c.targetRef(item(at, "targetRefs", i), ref)
	}
}

func (c *checker) targetRef(at *place, ref *typev1beta1.PolicyTargetReference) {
	if ref.Name == "" {
		c.failf(at, "the reference has no name")
	}
	if ref.Namespace != "" {
		c.failf(at.Child("namespace"), "a reference cannot lead to another namespace; leave namespace out")
	}
	group := ref.Group
	if group == "core" {
		group = ""
	}
	switch kind := (schemaKind{group, ref.Kind}); kind {
	case schemaKind{istio.Service.Group, istio.Service.Kind},
		schemaKind{istio.ServiceEntry.Group, istio.ServiceEntry.Kind},
		schemaKind{istio.K8sGateway.Group, istio.K8sGateway.Kind},
		schemaKind{istio.GatewayClass.Group, istio.GatewayClass.Kind}:
	default:
		c.failf(at.Child("kind"), "a reference must lead to a Service, a ServiceEntry, or a Gateway or GatewayClass of %s, not to %s/%s",
			istio.GatewayAPIGroup, ref.Group, ref.Kind)
	}
}

type schemaKind struct{ group, kind string }
