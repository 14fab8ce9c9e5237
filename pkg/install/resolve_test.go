package install

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func resolveYAML(t *testing.T, yaml string, settings ...string) (*Config, error) {
	t.Helper()
	in := Input{}
	if yaml != "" {
		in.Files = []File{{Name: "iop.yaml", Data: []byte(yaml)}}
	}
	for _, text := range settings {
		in.Settings = append(in.Settings, Setting{Text: text})
	}
	return Resolve(in)
}

func TestMistakesAreNamedWithTheirPlace(t *testing.T) {
	const head = "kind: IstioOperator\nspec:\n"
	tests := []struct {
		name string
		yaml string
		set  string
		want []string
	}{
		{"a misspelt section", head + "  meshConfg: {}\n", "", []string{"iop.yaml:3", `unknown field "meshConfg"`, `did you mean "meshConfig"?`}},
		{"a misspelt setting", "", "components.pilot.enbled=true", []string{"--set components.pilot.enbled=true", `did you mean "enabled"?`}},
		{"the wrong case", head + "  values:\n    Pilot: {}\n", "", []string{"iop.yaml:4", `did you mean "pilot"?`}},
		{"a text for a boolean", head + "  components:\n    cni: {enabled: \"true\"}\n", "", []string{"iop.yaml:4", "expected true or false"}},
		{"an unknown word", "", "meshConfig.outboundTrafficPolicy.mode=registry_only", []string{"valid values are", "REGISTRY_ONLY"}},
		{"a number for a text", "", "values.global.proxy.excludeInboundPorts=99999", []string{"expected a text", "--set-string"}},
		{"a field of a pod", head + "  components:\n    pilot:\n      k8s:\n        tolerations:\n        - kay: x\n", "", []string{"iop.yaml:7", `did you mean "key"?`}},
		{"a field of a pod in values", head + "  values:\n    pilot:\n      affinity:\n        nodeAffinty: {}\n", "", []string{"iop.yaml:6", "nodeAffinity"}},
		{"a gateway in a list", head + "  components:\n    ingressGateways:\n    - name: a\n    - nam: b\n", "", []string{"iop.yaml:6", `unknown field "nam"`}},
		{"a bad address range", "", "values.global.proxy.includeIPRanges=999.1.1.1/8", []string{"not an address range"}},
		{"a bad port", "", "values.global.proxy.excludeInboundPorts=80,x", []string{`"x" is not a port`}},
		{"a bad revision", "", "revision=Bad_Rev", []string{"cannot be a revision"}},
		{"a bad hub", "", "hub=bad hub!", []string{"not the start of an image name"}},
		{"a privileged port", head + "  components:\n    ingressGateways:\n    - name: gw\n      k8s: {service: {ports: [{port: 80}]}}\n", "", []string{"only root may open"}},
		{"an unknown profile", "", "profile=nosuch", []string{"--set profile=nosuch", "ambient"}},
		{"a key given twice", head + "  hub: a\n  hub: b\n", "", []string{"iop.yaml:4", "twice"}},
		{"a second document", head + "  {}\n---\n" + head + "  {}\n", "", []string{"second document"}},
		{"a list", "- a\n", "", []string{"iop.yaml:1", "expected a mapping"}},
		{"nothing", "# only a comment\n", "", []string{"the file is empty"}},
		{"no kind", "spec: {}\n", "", []string{"no kind"}},
		{"tabs", "kind: IstioOperator\nspec:\n\tprofile: x\n", "", []string{"iop.yaml:3: not valid YAML"}},
		{"binary data", "\x00\x01", "", []string{"not a YAML text"}},
		{"another kind", "apiVersion: v1\nkind: ConfigMap\ndata: {}\n", "", []string{"ConfigMap"}},
		{"a quantity", "", "values.pilot.resources.requests.cpu=lots", []string{"expected a quantity"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var settings []string
			if test.set != "" {
				settings = []string{test.set}
			}
			_, err := resolveYAML(t, test.yaml, settings...)
			var input *InputError
			if !errors.As(err, &input) {
				t.Fatalf("want an *InputError, got %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in: %v", want, err)
				}
			}
		})
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	_, err := resolveYAML(t, "kind: IstioOperator\nspec:\n  a: 1\n  b: 2\n", "c=3")
	var input *InputError
	if !errors.As(err, &input) || len(input.Problems) != 3 {
		t.Errorf("want three problems, got %v", err)
	}
}

func TestForceTurnsMistakesIntoWarnings(t *testing.T) {
	config, err := Resolve(Input{Settings: []Setting{{Text: "nosuch=1"}}, Force: true})
	if err != nil || len(config.Warnings) != 1 || !strings.Contains(config.Warnings[0], "nosuch") {
		t.Errorf("got %v, %v", config, err)
	}
}

func TestSettingsOfOldReleasesAreAnswered(t *testing.T) {
	old, err := os.ReadFile("testdata/values-1.4.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Resolve(Input{ValuesFiles: []File{{Name: "values.yaml", Data: old}}})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"values.yaml:5: spec.values.mixer", "Telemetry API", "spec.values.galley", "spec.values.nodeagent", "spec.values.tracing", "spec.values.kiali", "spec.values.sidecarInjectorWebhook.enabled"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
	_, err = Resolve(Input{Files: []File{{Name: "values.yaml", Data: old}}})
	if err == nil || !strings.Contains(err.Error(), "old release") || !strings.Contains(err.Error(), "--values") {
		t.Errorf("as an operator file: %v", err)
	}
}

// A document saved from a cluster has more than a person writes.
func TestSavedStateWithOneChange(t *testing.T) {
	const saved = `
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata:
  annotations: {install.istio.io/ignoreReconcile: "true"}
  creationTimestamp: "2026-01-01T00:00:00Z"
  generation: 1
  name: installed-state
  namespace: istio-system
  resourceVersion: "123"
  uid: 9d2f6c1e-0000-0000-0000-000000000000
spec:
  profile: minimal
status:
  status: HEALTHY
`
	config, err := resolveYAML(t, saved, "meshConfig.outboundTrafficPolicy.mode=REGISTRY_ONLY")
	if err != nil {
		t.Fatal(err)
	}
	if mode, _ := lookup(config.tree, "spec", "values", "meshConfig", "outboundTrafficPolicy", "mode"); mode != "REGISTRY_ONLY" {
		t.Errorf("mode is %v", mode)
	}
}

func TestWhatTheUserWritesWinsOverWhatIsDerived(t *testing.T) {
	file := File{Name: "iop.yaml", Data: []byte("kind: IstioOperator\nspec:\n  hub: a.example\n  values:\n    global: {hub: b.example}\n")}
	config, err := Resolve(Input{Files: []File{file}, Force: true}) // it is a conflict
	if err != nil {
		t.Fatal(err)
	}
	if hub := lookupString(config.tree, "spec", "values", "global", "hub"); hub != "b.example" {
		t.Errorf("hub is %s", hub)
	}
}

func FuzzOperatorFile(f *testing.F) {
	for _, seed := range []string{
		"kind: IstioOperator\nspec:\n  profile: minimal\n",
		"kind: IstioOperator\nspec: {components: {ingressGateways: [{name: a, k8s: {overlays: [{kind: Service, name: a, patches: [{path: a.b, value: c}]}]}}]}}\n",
		"kind: IstioOperator\nspec: &a {values: *a}\n",
		"kind: IstioOperator\nspec: {values: {global: 1}}\n",
		"kind: [x]\n", "{", "", "\xff", "kind: IstioOperator\nspec: {components: {pilot: [1]}}\n",
		"kind: IstioOperator\nspec: {profile: {a: b}, revision: [1], tag: {}}\n",
	} {
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, force bool) {
		config, err := Resolve(Input{Files: []File{{Name: "fuzz", Data: data}}, Force: force})
		if err != nil {
			return
		}
		for _, c := range components() {
			_, _ = c.instances(config.tree) // any outcome, but no panic
		}
	})
}
