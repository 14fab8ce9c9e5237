package install

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const twoRevisions = `
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector, labels: {istio.io/rev: default}}
webhooks: [{name: rev.namespace.sidecar-injector.istio.io, clientConfig: {service: {name: istiod, namespace: istio-system}}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector-next, labels: {istio.io/rev: next}}
webhooks: [{name: rev.namespace.sidecar-injector.istio.io, clientConfig: {service: {name: istiod-next, namespace: istio-system}}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-revision-tag-prod, labels: {istio.io/rev: default, istio.io/tag: prod}}
webhooks: [{name: rev.namespace.sidecar-injector.istio.io, clientConfig: {service: {name: istiod, namespace: istio-system}}}]
`

// Before a tag is moved it is told what that does to the webhooks.
func TestTagsTellWhatBecomesOfTheWebhooks(t *testing.T) {
	tests := map[string][]string{
		"prod": {"MutatingWebhookConfiguration istio-revision-tag-prod sends requests to Service istio-system/istiod-next instead of Service istio-system/istiod"},
		"new":  {"MutatingWebhookConfiguration istio-revision-tag-new sends requests to Service istio-system/istiod-next"},
		"default": {
			"MutatingWebhookConfiguration istio-revision-tag-default sends requests to Service istio-system/istiod-next",
			"ValidatingWebhookConfiguration istiod-default-validator sends requests to Service istio-system/istiod-next",
			"MutatingWebhookConfiguration istio-sidecar-injector injects no more: the tag takes its namespaces",
		},
	}
	for tag, want := range tests {
		change, err := PlanTag(t.Context(), clusterWith(t, twoRevisions), TagOptions{Tag: tag, Revision: "next", Namespace: "istio-system", Overwrite: true})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, change.Webhooks); diff != "" {
			t.Errorf("tag %s (-want +got):\n%s", tag, diff)
		}
	}
}
