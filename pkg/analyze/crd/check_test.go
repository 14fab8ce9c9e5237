package crd

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func check(t *testing.T, text string) []string {
	t.Helper()
	objects, problems := resource.Parse("test.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems[0])
	}
	found, err := Embedded().Check(context.Background(), objects[0])
	if err != nil {
		t.Fatal(err)
	}
	lines := []string{}
	for _, p := range found {
		lines = append(lines, p.Field.String()+": "+p.Message)
	}
	return lines
}

const gateway = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: shop, labels: {a: b}}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ["*"]
`

func TestCheckAcceptsAValidObject(t *testing.T) {
	if got := check(t, gateway); len(got) > 0 {
		t.Errorf("found %v", got)
	}
}

func TestCheckFindsFieldsThatDoNotExist(t *testing.T) {
	got := check(t, strings.Replace(gateway, "number: 80", "nmber: 81, number: 80", 1)+"extra: 1\n")
	want := []string{"extra: there is no field extra", "spec.servers[0].port.nmber: there is no field spec.servers[0].port.nmber"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCheckFindsWrongTypesAndValues(t *testing.T) {
	for text, want := range map[string]string{
		strings.Replace(gateway, "number: 80", "number: eighty", 1):                                      "spec.servers[0].port.number: ",
		strings.Replace(gateway, `hosts: ["*"]`, `hosts: ["*"], tls: {mode: SIMPEL}`, 1):                 "",
		strings.Replace(gateway, "    hosts: [\"*\"]", "    hosts: [\"*\"]\n    tls: {mode: SIMPEL}", 1): "spec.servers[0].tls.mode: ",
		strings.Replace(gateway, "    hosts: [\"*\"]\n", "", 1):                                          "spec.servers[0].hosts: ",
	} {
		if want == "" {
			continue
		}
		got := check(t, text)
		if len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("found %q, want one finding at %s", got, want)
		}
	}
}

func TestCheckTakesNullForAbsent(t *testing.T) {
	if got := check(t, gateway+"    tls: null\n"); len(got) > 0 {
		t.Errorf("found %v", got)
	}
}

func TestCheckAppliesRulesInCEL(t *testing.T) {
	got := check(t, `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: p, namespace: shop}
spec:
  selector: {matchLabels: {app: x}}
  targetRefs: [{kind: Service, name: x}]
`)
	if len(got) != 1 || !strings.Contains(got[0], "only one of") {
		t.Errorf("found %q", got)
	}
}

func TestThereIsASchemaForEveryKindOfTheMesh(t *testing.T) {
	schemas := Embedded()
	for _, kind := range istio.ConfigKinds() {
		if !schemas.Knows(kind) {
			t.Errorf("no CRD for %s", kind)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	objects, _ := resource.Parse("test.yaml", []byte(gateway))
	schemas := Embedded()
	for b.Loop() {
		if _, err := schemas.Check(context.Background(), objects[0]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	for _, kind := range istio.ConfigKinds() {
		b.Run(kind.Kind, func(b *testing.B) {
			for b.Loop() {
				schemas := Embedded()
				if _, err := schemas.of(kind.WithVersion(newest(kind))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func newest(kind schema.GroupKind) string {
	switch kind {
	case istio.ProxyConfig:
		return "v1beta1"
	case istio.EnvoyFilter:
		return "v1alpha3"
	}
	if kind.Group == istio.ExtensionsGroup {
		return "v1alpha1"
	}
	return "v1"
}

func TestCheckKnowsTheGatewayAPI(t *testing.T) {
	schemas := Embedded()
	for _, tt := range []struct{ text, field string }{
		{`{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r}, spec: {parentRefs: [{name: web}], rules: [{backendRefs: [{name: a, port: 80}]}]}}`, ""},
		{`{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r}, spec: {parentRefs: [{name: 5}]}}`, "spec.parentRefs[0].name"},
		{`{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r}, spec: {ruls: []}}`, "spec.ruls"},
		{`{apiVersion: gateway.networking.k8s.io/v1beta1, kind: HTTPRoute, metadata: {name: r}, spec: {rules: [{matches: [{path: {type: Suffix, value: /}}]}]}}`, "spec.rules[0].matches[0].path.type"},
		{`{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: g}, spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}}`, ""},
		{`{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: g}, spec: {gatewayClassName: istio, listeners: [{name: http, port: 80}]}}`, "spec.listeners[0].protocol"},
		{`{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: g}, spec: {gatewayClassName: istio, listeners: [{name: http, port: 70000, protocol: HTTP}]}}`, "spec.listeners[0].port"},
	} {
		objects, problems := resource.Parse("test.yaml", []byte(tt.text))
		if len(problems) > 0 {
			t.Fatal(problems[0])
		}
		found, err := schemas.Check(t.Context(), objects[0])
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case tt.field == "" && len(found) > 0:
			t.Errorf("%s: %+v", tt.text, found)
		case tt.field != "" && (len(found) != 1 || found[0].Field.String() != tt.field):
			t.Errorf("%s: %+v, want a problem with %s", tt.text, found, tt.field)
		}
	}
	for version, known := range map[string]bool{"v1": true, "v1beta1": true, "v1alpha2": false} {
		if schemas.KnowsVersion(istio.HTTPRoute.WithVersion(version)) != known {
			t.Errorf("HTTPRoute %s is known: %v", version, !known)
		}
	}
}

// Rules of the Gateway API count on the defaults that the API server fills in.
func TestCheckAppliesRulesOfTheGatewayAPI(t *testing.T) {
	const route = "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: shop}, spec: "
	const gateway = "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: g, namespace: shop}, spec: {gatewayClassName: istio, listeners: "
	for _, tt := range []struct{ name, text, want string }{
		{"nothing but a backend", route + "{rules: [{backendRefs: [{name: web, port: 80}]}]}}", ""},
		{"a class, which only updates could break", "{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: c}, spec: {controllerName: istio.io/gateway-controller}}", ""},
		{"a listener with the default TLS mode", gateway + "[{name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: c}]}}]}}", ""},
		{"a redirect with a backend", route + "{rules: [{filters: [{type: RequestRedirect, requestRedirect: {hostname: a.example}}], backendRefs: [{name: web, port: 80}]}]}}",
			"spec.rules[0]: RequestRedirect filter must not be used together with backendRefs"},
		{"a backend without port", route + "{rules: [{backendRefs: [{name: web}]}]}}", "spec.rules[0].backendRefs[0]: Must have port for Service reference"},
		{"a filter of another type", route + "{rules: [{filters: [{type: URLRewrite, requestHeaderModifier: {remove: [a]}}]}]}}", "spec.rules[0].filters[0]: "},
		{"a path in a form of its own", route + "{rules: [{matches: [{path: {type: PathPrefix, value: /a//b}}]}]}}", "spec.rules[0].matches[0].path: must not contain '//'"},
		{"timeouts that exclude each other", route + "{rules: [{timeouts: {request: 1s, backendRequest: 2s}}]}}", "spec.rules[0].timeouts: "},
		{"a parent in two namespaces, one of them unnamed", route + "{parentRefs: [{name: web}, {name: web, namespace: other}, {name: web}]}}", "spec.parentRefs: "},
		{"TLS for plain HTTP", gateway + "[{name: a, port: 80, protocol: HTTP, tls: {certificateRefs: [{name: c}]}}]}}", "spec.listeners: tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']"},
		{"listeners of one name", gateway + "[{name: a, port: 80, protocol: HTTP}, {name: a, port: 81, protocol: HTTP}]}}", "spec.listeners"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := check(t, tt.text)
			if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) == 0 || !strings.HasPrefix(got[0], tt.want)) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}
