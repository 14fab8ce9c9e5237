package inject

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// What is written of Go types is what would be written of the maps that
// Kubernetes' own converter makes of them.
func TestTypesAreWrittenAsTheirMaps(t *testing.T) {
	inputs := map[string][]byte{"every field": []byte(manyFields)}
	for _, s := range stories(t) {
		inputs[s.name] = s.input
		inputs[s.name+" injected"] = testInjector(t, s.options).Stream("f", s.input).YAML
	}
	compared := 0
	for name, input := range inputs {
		objects, _ := resource.Parse("f", input)
		for _, o := range objects {
			w, err := readWorkload(schema.FromAPIVersionAndKind(o.APIVersion(), o.Kind), o.JSON, false)
			if err != nil || w == nil {
				continue
			}
			got, err := encodeYAML(nil, w.object, 0)
			if err != nil {
				t.Fatal(err)
			}
			m, err := asMap(w.object)
			if err != nil {
				t.Fatal(err)
			}
			want, err := encodeYAML(nil, m, 0)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s: %s (-of maps +of types):\n%s", name, o.Key, diff)
			}
			compared++
		}
	}
	if compared < 20 {
		t.Errorf("only %d objects were compared", compared)
	}
}

// manyFields has what needs care: empty and null values, quantities, times,
// numbers as keys, ports by name, bytes and nested lists.
const manyFields = `
apiVersion: v1
kind: Pod
metadata:
  name: "123"
  creationTimestamp: "2026-01-02T03:04:05Z"
  deletionGracePeriodSeconds: 0
  labels: {b: "yes", a: "", "1": x}
  annotations: {}
  finalizers: []
  managedFields: [{manager: m, operation: Apply, apiVersion: v1, fieldsType: FieldsV1, fieldsV1: {"f:a": {}}, time: "2026-01-02T03:04:05Z"}]
  ownerReferences: [{apiVersion: v1, kind: A, name: a, uid: u, controller: false}]
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: app
    image: app
    command: []
    args: ["", "- a", "a\nb\n", "\x00"]
    env: [{name: A, value: "1"}, {name: B, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: "0"}}}]
    resources: {requests: {memory: 128Mi, cpu: 0.5}, limits: {cpu: "1"}, claims: []}
    livenessProbe: {httpGet: {path: /, port: http}}
    readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 5}
    securityContext: {runAsUser: 0, capabilities: {drop: [ALL]}, privileged: false}
    volumeMounts: []
  initContainers: null
  overhead: {cpu: 10m}
  topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, whenUnsatisfiable: DoNotSchedule, labelSelector: {}}]
  volumes: [{name: a, emptyDir: {}}, {name: b, projected: {sources: [{configMap: {name: c, optional: true}}], defaultMode: 420}}, {name: c, emptyDir: {sizeLimit: 1Gi}}]
status: {startTime: null, conditions: [{type: Ready, status: "True", lastProbeTime: null, lastTransitionTime: "2026-01-02T03:04:05Z"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: s}
spec:
  serviceName: s
  selector: {matchExpressions: [{key: a, operator: In, values: [b]}]}
  volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]
  updateStrategy: {rollingUpdate: {maxUnavailable: 25%, partition: 0}}
  template: {metadata: {}, spec: {containers: [{name: a}]}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: c}
spec: {schedule: "* * * * *", jobTemplate: {spec: {backoffLimitPerIndex: 1, template: {spec: {containers: []}}}}}
`
