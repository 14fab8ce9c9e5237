package inject

import (
	"strings"
	"testing"
)

// A value of the wrong type is told with the line that it stands on, and what it
// ought to be.
func TestAWrongTypeIsToldAtItsLine(t *testing.T) {
	const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - name: a
      - name: b
        FIELD
`
	for field, want := range map[string]string{
		"env: [{name: A}, {name: B, value: yes}]": "spec.template.spec.containers[1].env[1].value: expected a text, got true or false (quote it to make it a text)",
		"image: 1.5":                       "spec.template.spec.containers[1].image: expected a text, got a number (quote it to make it a text)",
		"command: run":                     "spec.template.spec.containers[1].command: expected a list, got a text",
		"ports: {containerPort: 80}":       "spec.template.spec.containers[1].ports: expected a list, got a mapping",
		"resources: [1]":                   "spec.template.spec.containers[1].resources: expected a mapping, got a list",
		"tty: \"yes\"":                     "spec.template.spec.containers[1].tty: expected true or false, got a text",
		"ports: [{containerPort: \"80\"}]": "spec.template.spec.containers[1].ports[0].containerPort: expected a number, got a text",
		"livenessProbe: {httpGet: {path: [], port: 80}}": "spec.template.spec.containers[1].livenessProbe.httpGet.path: expected a text, got a list",
	} {
		for _, kind := range []string{"apps/v1\nkind: Deployment", "argoproj.io/v1alpha1\nkind: Rollout"} {
			input := strings.Replace(strings.Replace(deployment, "FIELD", field, 1), "apps/v1\nkind: Deployment", kind, 1)
			for what, result := range map[string]Result{
				"inject": testInjector(t, Options{}).Stream("f", []byte(input)), "uninject": Uninject("f", []byte(input)),
			} {
				if len(result.Failures()) != 1 {
					t.Errorf("%s: %s: %d failures, want one", field, what, len(result.Failures()))
					continue
				}
				_, text, _ := strings.Cut(result.Failures()[0].String(), "failed: ")
				if line := result.Failures()[0].Line; text != want || line != 10 {
					t.Errorf("%s: line %d: %s\nwant line 10: %s", field, line, text, want)
				}
			}
		}
	}
}

// Files from Windows keep their line ends, also where something was injected.
func TestLineEndsOfWindowsStay(t *testing.T) {
	input := "# top\r\napiVersion: v1\r\nkind: Pod\r\nmetadata: {name: a}\r\nspec:\r\n  containers: [{name: a, image: b, args: [\"x\\ny\"]}]\r\n---\r\napiVersion: v1\r\nkind: Service\r\n"
	once := testInjector(t, Options{}).Stream("f", []byte(input))
	text := string(once.YAML)
	if strings.Count(text, "\n") != strings.Count(text, "\r\n") || strings.Contains(text, "\r\r") || !strings.Contains(text, "istio-proxy") {
		t.Errorf("output:\n%q", text)
	}
	if twice := testInjector(t, Options{}).Stream("f", once.YAML); string(twice.YAML) != text {
		t.Errorf("the second injection changes the first:\n%q", twice.YAML)
	}
	restored := string(Uninject("f", once.YAML).YAML)
	if strings.Count(restored, "\n") != strings.Count(restored, "\r\n") || strings.Contains(restored, "istio-proxy") {
		t.Errorf("restored:\n%q", restored)
	}
}
