package install

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func renderYAML(t *testing.T, yaml string, settings ...string) *Rendering {
	t.Helper()
	config, err := resolveYAML(t, yaml, settings...)
	if err != nil {
		t.Fatal(err)
	}
	rendering, err := Render(context.Background(), config, RenderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return rendering
}

func find(t *testing.T, r *Rendering, id string) map[string]any {
	t.Helper()
	for _, o := range r.Objects {
		if o.ID() == id {
			content, err := o.Content()
			if err != nil {
				t.Fatal(err)
			}
			return content
		}
	}
	t.Fatalf("%s is not rendered", id)
	return nil
}

func TestOverlays(t *testing.T) {
	const yaml = `
kind: IstioOperator
spec:
  profile: minimal
  components:
    pilot:
      k8s:
        overlays:
        - kind: Deployment
          name: istiod
          patches:
          - {path: "spec.template.spec.containers[name:discovery].image", value: mine}
          - {path: "spec.template.spec.containers.[name:discovery].args.[30m]", value: 60m}
          - {path: spec.template.metadata.annotations.team, value: mesh}
          - {path: "spec.template.spec.containers.[name:discovery].ports"}
          - {path: "spec.template.spec.tolerations[-1]", value: {key: a, operator: Exists}}
          - {path: spec.strategy, value: "type: Recreate\n"}
          - {path: "spec.template.spec.containers.[name:nosuch].image", value: x}
        - kind: Deployment
          name: nosuch
          patches: [{path: spec.x, value: 1}]
`
	r := renderYAML(t, yaml)
	spec := lookupMap(find(t, r, "Deployment istio-system/istiod"), "spec")
	pod := lookupMap(spec, "template", "spec")
	container := pod["containers"].([]any)[0].(map[string]any)
	if container["image"] != "mine" || container["ports"] != nil {
		t.Errorf("image %v, ports %v", container["image"], container["ports"])
	}
	if args := container["args"].([]any); args[len(args)-1] != "60m" {
		t.Errorf("args are %v", args)
	}
	if lookupString(spec, "template", "metadata", "annotations", "team") != "mesh" || lookupString(spec, "strategy", "type") != "Recreate" {
		t.Errorf("annotation or strategy is missing in %v", spec)
	}
	if tolerations := pod["tolerations"].([]any); len(tolerations) != 2 {
		t.Errorf("tolerations are %v", tolerations)
	}
	warnings := strings.Join(r.Warnings, "\n")
	if !strings.Contains(warnings, "[name:nosuch]") || !strings.Contains(warnings, "Deployment nosuch") {
		t.Errorf("overlays that hit nothing are not told: %s", warnings)
	}
}

func TestSeveralGateways(t *testing.T) {
	const yaml = `
kind: IstioOperator
spec:
  components:
    ingressGateways:
    - {name: one, namespace: edge, label: {team: a}}
    - {name: two, enabled: false}
    - {name: three, k8s: {service: {ports: [{name: https, port: 443, targetPort: 8443}]}, replicaCount: 3}}
`
	r := renderYAML(t, yaml)
	find(t, r, "Deployment edge/one")
	for _, o := range r.Objects {
		if o.Name == "two" {
			t.Errorf("%s is rendered although it is switched off", o.ID())
		}
	}
	ports, _ := lookup(find(t, r, "Service istio-system/three"), "spec", "ports")
	if list := ports.([]any); len(list) != 1 {
		t.Errorf("ports are %v", ports)
	}
}

func TestCompareNamesFieldsNotPositions(t *testing.T) {
	before := renderYAML(t, "", "profile=minimal")
	after := renderYAML(t, "", "profile=minimal", "values.pilot.env.NEW=x", "components.pilot.k8s.replicaCount=3", "values.pilot.autoscaleEnabled=false")
	changes, err := Compare(before.Objects, after.Objects)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range changes {
		if c.Kind == "ConfigMap" {
			continue
		}
		got = append(got, string(c.Action)+" "+c.ID())
		for _, f := range c.Fields {
			got = append(got, "  "+f.Path)
		}
	}
	want := []string{
		"change Deployment istio-system/istiod",
		"  spec.replicas",
		"  spec.template.spec.containers[name:discovery].env[name:NEW]",
		"create PodDisruptionBudget istio-system/istiod",
		"delete HorizontalPodAutoscaler istio-system/istiod",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSecretsAreMasked(t *testing.T) {
	secret := func(value string) *Object {
		return &Object{Kind: "Secret", APIVersion: "v1", Name: "s", content: map[string]any{"data": map[string]any{"key": value}}}
	}
	changes, err := Compare([]*Object{secret("old")}, []*Object{secret("new")})
	if err != nil || len(changes) != 1 || len(changes[0].Fields) != 1 {
		t.Fatalf("got %v, %v", changes, err)
	}
	if f := changes[0].Fields[0]; f.From != "(hidden)" || strings.Contains(f.To.(string), "new") {
		t.Errorf("the change shows %v → %v", f.From, f.To)
	}
}

func TestImages(t *testing.T) {
	r := renderYAML(t, "", "profile=ambient", "hub=mirror.example:5000/istio", "tag=1.2.3", "values.pilot.image=other.example/pilot@sha256:0000000000000000000000000000000000000000000000000000000000000000")
	images, err := Images(r)
	if err != nil {
		t.Fatal(err)
	}
	byImage := map[string]Image{}
	for _, i := range images {
		byImage[i.Image] = i
	}
	for _, want := range []string{"install-cni", "ztunnel", "proxyv2"} {
		i, ok := byImage["mirror.example:5000/istio/"+want+":1.2.3-distroless"]
		if !ok || i.Registry != "mirror.example:5000" || i.Repository != "istio/"+want || i.Tag != "1.2.3-distroless" {
			t.Errorf("%s: %+v", want, i)
		}
	}
	if _, ok := byImage["mirror.example:5000/istio/agentgateway:1.2.3-distroless"]; ok {
		t.Error("an image of gateways that nothing makes is listed")
	}
	pinned := byImage["other.example/pilot@sha256:0000000000000000000000000000000000000000000000000000000000000000"]
	if !strings.HasPrefix(pinned.Digest, "sha256:") || pinned.Tag != "" {
		t.Errorf("the pinned image is %+v of %v", pinned, images)
	}
}

// The experimental gateways have an image of their own; mirrors need it too.
func TestImagesOfAgentgateways(t *testing.T) {
	images, err := Images(renderYAML(t, "", "profile=minimal", "tag=1.2.3", "values.pilot.env.PILOT_ENABLE_AGENTGATEWAY=true"))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range images {
		if i.Image == "docker.io/istio/agentgateway:1.2.3" && strings.Contains(i.UsedBy[0], "istio-agentgateway") {
			return
		}
	}
	t.Errorf("it is not in %+v", images)
}

func TestRenderInjectionIsPartOfTheWhole(t *testing.T) {
	config, err := resolveYAML(t, "", "revision=canary")
	if err != nil {
		t.Fatal(err)
	}
	mesh, injector, err := RenderInjection(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	whole := renderYAML(t, "", "revision=canary")
	if diff := cmp.Diff(find(t, whole, "ConfigMap istio-system/istio-canary"), mesh); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(find(t, whole, "ConfigMap istio-system/istio-sidecar-injector-canary"), injector); diff != "" {
		t.Error(diff)
	}
}

// The quick way over CRDs has to give what the chart gives without it.
func TestCRDsAreRenderedAsTheChartSays(t *testing.T) {
	loaded, err := loadChart(EmbeddedCharts(), "charts/base")
	if err != nil {
		t.Fatal(err)
	}
	var got [2][]*Object
	for i, fast := range []bool{true, false} {
		texts, _, err := helmRender(loaded, Values{}, "istio-system", "", fast)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			objects, err := parseObjects("Base", text)
			if err != nil {
				t.Fatal(err)
			}
			got[i] = append(got[i], objects...)
		}
	}
	changes, err := Compare(got[0], got[1])
	if err != nil || len(changes) > 0 || len(got[0]) < 15 {
		t.Errorf("%d objects; differences: %v, %v", len(got[0]), changes, err)
	}
}
