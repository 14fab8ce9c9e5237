package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze"
)

const misspeltRoute = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: catalog, namespace: shop}
spec:
  hosts: [catalog]
  http:
  - retires: {attempts: 3}
    timeout: 0s
    route:
    - destination: {host: catalog}
`

func TestValidateNamesFieldAndLine(t *testing.T) {
	file := writeFile(t, "shop.yaml", misspeltRoute)
	got := meshctl(testEnv(t, ""), "validate", "-f", file)
	want := []string{
		"Error [IST0106] (VirtualService shop/catalog " + file + ":8) a duration must be at least 1ms",
		"Error [MSH0002] (VirtualService shop/catalog " + file + ":7) there is no field spec.http[0].retires; did you mean \"retries\"?",
	}
	if lines := strings.Split(strings.TrimSpace(got.stdout), "\n"); got.code != exitFindings || !slices.Equal(lines, want) {
		t.Errorf("exit code %d, got:\n%s\nwant %d and\n%s", got.code, got.stdout, exitFindings, strings.Join(want, "\n"))
	}
}

func TestValidateExitCodeDoesNotDependOnTheFormat(t *testing.T) {
	for _, input := range []struct {
		name, text string
		code       int
	}{
		{"a mistake", misspeltRoute, exitFindings},
		{"a document that cannot be read", "kind: [\n", exitFindings},
		{"no kind", "spec: {}\n", exitFindings},
		{"warnings only", "apiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {name: a}\nspec: {}\n", exitOK},
		{"a kind that is none of ours", "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspek: 1\n", exitOK},
		{"nothing", "# nothing\n---\n", exitOK},
	} {
		for _, format := range []string{"log", "table", "json", "yaml", "name"} {
			if got := meshctl(testEnv(t, input.text), "validate", "-o", format, "-"); got.code != input.code {
				t.Errorf("%s with -o %s: exit code %d, want %d\n%s%s", input.name, format, got.code, input.code, got.stdout, got.stderr)
			}
		}
	}
}

func TestValidateSpeaksJSONLikeAnalyze(t *testing.T) {
	got := meshctl(testEnv(t, misspeltRoute), "v", "-o", "json", "-")
	var records []analyze.Record
	if err := json.Unmarshal([]byte(got.stdout), &records); err != nil {
		t.Fatalf("%v\n%s", err, got.stdout)
	}
	if len(records) != 2 || records[1].Field != "spec.http[0].retires" || records[1].Line != 7 || records[1].Column != 5 || records[1].File != resource.Stdin {
		t.Errorf("got %+v", records)
	}
	if got := meshctl(testEnv(t, "# nothing\n"), "validate", "-o", "json", "-"); strings.TrimSpace(got.stdout) != "[]" {
		t.Errorf("an empty list is written %q", got.stdout)
	}
}

func TestValidateChecksServicesAndDeployments(t *testing.T) {
	in := `apiVersion: v1
kind: Service
metadata: {name: s}
spec:
  ports:
  - {port: 80, name: web}
  - {port: 81, name: http-x}
  - {port: 53, name: dns, protocol: UDP}
  - {port: 82, name: web, appProtocol: http}
  - {port: 90}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  template: {metadata: {labels: {app: d}}}
---
apiVersion: v1
kind: Service
metadata: {name: istiod, namespace: istio-system}
spec:
  ports: [{port: 80, name: web}]
`
	got := meshctl(testEnv(t, in), "validate", "-")
	want := []string{
		"Error [IST0118] (Service default/s stdin:6)",
		"Error [IST0118] (Service default/s stdin:10)",
		"Error [MSH0003] (Deployment default/d stdin:15) spec.selector: ",
		"Error [MSH0003] (Deployment default/d stdin:16) spec.template.spec.containers: ",
		"Error [MSH0003] (Service default/s stdin:9) spec.ports[3].name: ",
		"Error [MSH0003] (Service default/s stdin:10) spec.ports[4].name: ",
		"Warning [MSH0006] (Deployment default/d stdin:16)",
	}
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	if got.code != exitFindings || len(lines) != len(want) {
		t.Fatalf("exit code %d, got:\n%s", got.code, got.stdout)
	}
	for i := range want {
		if !strings.HasPrefix(lines[i], want[i]) {
			t.Errorf("got %q, want it to start with %q", lines[i], want[i])
		}
	}
}

func TestValidateChecksOperatorFiles(t *testing.T) {
	in := `apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
spec:
  components:
    ingressGateways:
    - name: a
      enabled: sometimes
  porfile: demo
`
	got := meshctl(testEnv(t, in), "validate", "-o", "json", "-")
	var records []analyze.Record
	if err := json.Unmarshal([]byte(got.stdout), &records); err != nil {
		t.Fatalf("%v\n%s", err, got.stdout)
	}
	var places []string
	for _, r := range records {
		places = append(places, r.Field+"@"+r.Reference)
	}
	slices.Sort(places)
	want := []string{"spec.components.ingressGateways[0].enabled@stdin:7", "spec.porfile@stdin:8"}
	if got.code != exitFindings || !slices.Equal(places, want) {
		t.Errorf("exit code %d, places %q, want %q\n%s", got.code, places, want, got.stdout)
	}
}

func TestValidateNeedsInput(t *testing.T) {
	if got := meshctl(testEnv(t, ""), "validate"); got.code != exitUsage {
		t.Errorf("without files: exit code %d, want %d", got.code, exitUsage)
	}
	missing := filepath.Join(t.TempDir(), "missing.yaml")
	if got := meshctl(testEnv(t, ""), "validate", missing); got.code != exitUsage || !strings.Contains(got.stderr, missing) {
		t.Errorf("missing file: exit code %d, stderr %q", got.code, got.stderr)
	}
}
