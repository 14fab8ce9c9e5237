package core

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/resource"
)

func TestCheckFindsWhatTheAPIServerWouldRefuse(t *testing.T) {
	const deployment = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: "
	const service = "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: "
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"a complete Deployment", deployment + `{replicas: 2, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a, v: "1"}},
			spec: {containers: [{name: a, image: a, ports: [{containerPort: 80}], resources: {limits: {cpu: 1, memory: 1Gi}}, readinessProbe: {httpGet: {port: http}}}]}}}}`, nil},
		{"a complete Service", service + "{ports: [{name: a, port: 80, targetPort: 0}, {name: b, port: 80, protocol: UDP, targetPort: http}]}}", nil},
		{"a headless Service", service + "{clusterIP: None}}", nil},
		{"numbers as text", service + `{ports: [{port: "80"}]}}`, []string{`spec.ports[0].port: the value must be a whole number, not the text "80"`}},
		{"text as numbers", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {n: 1}}", []string{"data.n: the value must be text, not 1; put it in quotes"}},
		{"an encrypted Secret", "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {n: 'ENC[AES256_GCM,data:x]'}, sops: {version: 3}}", nil},
		{"objects and lists", deployment + "{selector: [], template: {spec: {containers: {}}}}}",
			[]string{"spec.selector: the value must be an object, not a list", "spec.template.spec.containers: the value must be a list, not an object"}},
		{"a port that does not exist", service + "{ports: [{port: 70000}]}}", []string{"spec.ports[0].port: the port 70000 is not between 1 and 65535"}},
		{"ports of one name and number", service + "{ports: [{name: a, port: 80}, {name: a, port: 80, protocol: TCP}]}}",
			[]string{`spec.ports[1].name: another port has the name "a"`, "spec.ports[1].port: another port has the same number and protocol"}},
		{"a wrong protocol", service + "{ports: [{port: 80, protocol: tcp}]}}", []string{`spec.ports[0].protocol: the value "tcp" does not exist; there are TCP, UDP, SCTP`}},
		{"a quantity", deployment + "{selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a, resources: {limits: {cpu: much}}}]}}}}",
			[]string{`spec.template.spec.containers[0].resources.limits.cpu: the value "much" is no quantity such as 100m or 128Mi`}},
		{"pods that the selector does not select", deployment + "{selector: {matchLabels: {app: b}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: a}]}}}}",
			[]string{"spec.selector.matchLabels.app: the pods of the template do not have the label app=b that the selector asks for"}},
		{"a misspelt field", deployment + "{selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a, imagee: a}]}}}}",
			[]string{"spec.template.spec.containers[0].imagee: there is no field spec.template.spec.containers[0].imagee"}},
		{"a field of a later release", service + "{ports: [{port: 80}], quantumEntanglement: {}}}", nil},
		{"nothing but a name", deployment + "{}}", []string{
			"spec.selector: a value is required: it has to select the pods of the template (incomplete)",
			"spec.template.spec.containers: a value is required: a pod without containers does not exist (incomplete)"}},
		{"names", "{apiVersion: v1, kind: Namespace, metadata: {name: My_shop, labels: {a: b c}}}", []string{
			`metadata.labels.a: "b c" cannot be a label's value: at most 63 letters, digits, dashes, underscores and dots`,
			`metadata.name: "My_shop" is no name: small letters, digits, dashes, and a letter or digit at both ends`}},
		{"null is nothing", service + "{ports: [{port: 80, name: null}], selector: null, type: null}}", nil},
		{"another version", "{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: a}, spec: {replicas: many}}", nil},
		{"another kind", "{apiVersion: example.com/v1, kind: Service, metadata: {name: a}, spec: {ports: many}}", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			objects, problems := resource.Parse("f.yaml", []byte(tt.text))
			if len(objects) != 1 {
				t.Fatal(problems)
			}
			var got []string
			for _, p := range NewChecker().Check(objects[0]) {
				text := fmt.Sprintf("%s: %s", p.Field, p.Message)
				if p.Incomplete {
					text += " (incomplete)"
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// No object, however odd, makes the check panic.
func FuzzCheck(f *testing.F) {
	f.Add(`{"apiVersion":"v1","kind":"Service","spec":{"ports":[{"port":1}]}}`)
	f.Add(`{"apiVersion":"apps/v1","kind":"Deployment","spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"spec":{"containers":[null,{"ports":[null]}]}}}}`)
	f.Add(`{"apiVersion":"v1","kind":"Pod","metadata":{"labels":{"a":"é"}},"spec":null}`)
	checker := NewChecker()
	f.Fuzz(func(t *testing.T, text string) {
		objects, _ := resource.Parse("f.yaml", []byte(text))
		for _, o := range objects {
			for _, p := range checker.Check(o) {
				if p.Message == "" {
					t.Errorf("a problem at %s without words", p.Field)
				}
			}
		}
	})
}
