package install

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A Deployment that meshctl has applied, and kubectl has edited since.
const editedByHand = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: istiod
  namespace: istio-system
  annotations: {team: mesh, deployment.kubernetes.io/revision: "3"}
  labels: {app: istiod, operator.istio.io/component: Pilot}
  managedFields:
  - manager: meshctl
    operation: Apply
    fieldsV1: {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"discovery"}': {".": {}, "f:name": {}, "f:image": {}}}}}}}
  - manager: kubectl-edit
    operation: Update
    fieldsV1:
      "f:metadata": {"f:annotations": {".": {}, "f:team": {}}, "f:labels": {"f:operator.istio.io/component": {}}}
      "f:spec":
        "f:minReadySeconds": {}
        "f:template": {"f:spec": {"f:containers": {'k:{"name":"discovery"}': {"f:stdin": {}, "f:resources": {"f:limits": {".": {}, "f:cpu": {}}}}}}}
  - manager: kube-controller-manager
    operation: Update
    fieldsV1: {"f:metadata": {"f:annotations": {"f:deployment.kubernetes.io/revision": {}}}}
  - manager: kube-controller-manager
    operation: Update
    subresource: status
    fieldsV1: {"f:status": {"f:replicas": {}}}
spec:
  minReadySeconds: 7
  progressDeadlineSeconds: 600
  template: {spec: {containers: [{name: discovery, image: pilot, stdin: true, terminationMessagePath: /dev/log, resources: {limits: {cpu: "2"}}}]}}
status: {replicas: 1}
`

// What is in a list already is compared by its name, whatever else was added.
func TestComparisonOfAListThatGrew(t *testing.T) {
	restricted := restrictTo(
		[]any{map[string]any{"name": "NEW", "value": "x"}, map[string]any{"name": "PLATFORM"}, map[string]any{"name": "A", "value": "1", "defaulted": "y"}},
		[]any{map[string]any{"name": "PLATFORM", "value": ""}, map[string]any{"name": "A", "value": "1"}})
	want := []any{map[string]any{"name": "NEW", "value": "x"}, map[string]any{"name": "PLATFORM", "value": ""}, map[string]any{"name": "A", "value": "1"}}
	if diff := cmp.Diff(want, restricted); diff != "" {
		t.Error(diff)
	}
}

const renderedIstiod = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod, namespace: istio-system, labels: {app: istiod}}
spec: {template: {spec: {containers: [{name: discovery, image: pilot}]}}}
`

// What somebody has added in the cluster shows; what the server, controllers and
// installers add does not.
func TestComparisonShowsFieldsAddedByHand(t *testing.T) {
	content, err := decodeObject(renderedIstiod)
	if err != nil {
		t.Fatal(err)
	}
	rendered := []*Object{{APIVersion: "apps/v1", Kind: "Deployment", Namespace: "istio-system", Name: "istiod", content: content}}
	given, live, err := Live(t.Context(), clusterWith(t, editedByHand), rendered)
	if err != nil {
		t.Fatal(err)
	}
	changes, err := Compare(given, live)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for _, c := range changes {
		for _, f := range c.Fields {
			got[f.Path] = f.To
		}
	}
	want := map[string]any{
		"metadata.annotations":                                    map[string]any{"team": "mesh"},
		"spec.minReadySeconds":                                    float64(7),
		"spec.template.spec.containers[name:discovery].stdin":     true,
		"spec.template.spec.containers[name:discovery].resources": map[string]any{"limits": map[string]any{"cpu": "2"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
