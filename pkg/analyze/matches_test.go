package analyze

import (
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/resource"
)

// messagesOf are the messages of a code that objects of a whole mesh give, by object and field.
func messagesOf(t *testing.T, code, text string) map[string]string {
	t.Helper()
	objects, problems := resource.Parse("test.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems[0])
	}
	messages := map[string]string{}
	for _, f := range Run(NewMesh(resource.NewSet(objects...), Settings{Scope: Whole}), All()) {
		if f.Code == code {
			messages[f.Object.Name+" "+f.Field.String()] = f.Message
		}
	}
	return messages
}

const proxies = `
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, labels: {app: web}}
spec: {containers: [{name: app, image: app}, {name: istio-proxy, image: proxy, args: [proxy, sidecar]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: gw-1, namespace: shop, labels: {istio: gw}}
spec: {containers: [{name: istio-proxy, image: proxy, args: [proxy, router]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
`

func TestPatchesOfEnvoyFiltersThatMatchNothing(t *testing.T) {
	for _, tt := range []struct{ selector, patch, field string }{
		{"app: web", `{applyTo: LISTENER, match: {context: GATEWAY}, patch: {operation: MERGE, value: {}}}`, "match.context"},
		{"istio: gw", `{applyTo: LISTENER, match: {context: SIDECAR_INBOUND}, patch: {operation: MERGE, value: {}}}`, "match.context"},
		{"istio: gw", `{applyTo: LISTENER, match: {context: GATEWAY}, patch: {operation: MERGE, value: {}}}`, ""},
		{"app: web", `{applyTo: LISTENER, match: {context: ANY}, patch: {operation: MERGE, value: {}}}`, ""},
		{"", `{applyTo: LISTENER, match: {context: GATEWAY}, patch: {operation: MERGE, value: {}}}`, ""},
		{"", `{applyTo: CLUSTER, patch: {operation: INSERT_FIRST, value: {}}}`, "patch.operation"},
		{"", `{applyTo: HTTP_ROUTE, patch: {operation: INSERT_FIRST, value: {}}}`, ""},
		{"", `{applyTo: LISTENER, match: {context: SIDECAR_OUTBOUND, listener: {portNumber: 81}}, patch: {operation: MERGE, value: {}}}`, "match.listener.portNumber"},
		{"", `{applyTo: LISTENER, match: {context: SIDECAR_OUTBOUND, listener: {portNumber: 80}}, patch: {operation: MERGE, value: {}}}`, ""},
		{"", `{applyTo: LISTENER, match: {context: SIDECAR_OUTBOUND, listener: {portNumber: 15001}}, patch: {operation: MERGE, value: {}}}`, ""},
		{"", `{applyTo: LISTENER, match: {context: SIDECAR_INBOUND, listener: {portNumber: 9999}}, patch: {operation: MERGE, value: {}}}`, ""},
		{"", `{applyTo: CLUSTER, match: {cluster: {service: web.shop.svc.cluster.local}}, patch: {operation: MERGE, value: {}}}`, ""},
		{"", `{applyTo: CLUSTER, match: {cluster: {service: wbe.shop.svc.cluster.local}}, patch: {operation: MERGE, value: {}}}`, "match.cluster.service"},
		{"", `{applyTo: CLUSTER, match: {cluster: {name: "outbound|80||wbe.shop.svc.cluster.local"}}, patch: {operation: MERGE, value: {}}}`, "match.cluster.name"},
		{"", `{applyTo: CLUSTER, match: {cluster: {name: "xds-grpc"}}, patch: {operation: MERGE, value: {}}}`, ""},
		{"", `{applyTo: VIRTUAL_HOST, match: {context: GATEWAY, routeConfiguration: {gateway: shop/absent}}, patch: {operation: MERGE, value: {}}}`, "match.routeConfiguration.gateway"},
	} {
		selector := ""
		if tt.selector != "" {
			selector = "  workloadSelector: {labels: {" + tt.selector + "}}\n"
		}
		got := messagesOf(t, "MSH0119", proxies+`apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: f, namespace: shop}
spec:
`+selector+"  configPatches:\n  - "+tt.patch+"\n")
		if _, ok := got["f spec.configPatches[0]."+tt.field]; ok != (tt.field != "") || len(got) > 1 || len(got) == 1 && !ok {
			t.Errorf("%s for {%s}: %v, want %q", tt.patch, tt.selector, got, tt.field)
		}
	}
}

func TestListenersOfTheSameProxiesInSeveralObjects(t *testing.T) {
	const gateway = "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: NAME, namespace: NS}, spec: {gatewayClassName: istio, ADDR listeners: [LISTENERS]}}\n---\n"
	of := func(name, namespace, address, listeners string) string {
		if address != "" {
			address = "addresses: [{type: Hostname, value: " + address + "}],"
		}
		return strings.NewReplacer("NAME", name, "NS", namespace, "ADDR", address, "LISTENERS", listeners).Replace(gateway)
	}
	const set = `{apiVersion: gateway.networking.k8s.io/v1, kind: ListenerSet, metadata: {name: set, namespace: team}, spec: {parentRef: {name: a, namespace: infra}, listeners: [LISTENERS]}}`
	const server = "{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: NAME, namespace: NS}, spec: {selector: {istio: gw}, servers: [{port: {number: 443, name: x, protocol: PROTOCOL}, hosts: [HOST]TLS}]}}\n---\n"
	istioGateway := func(name, namespace, protocol, host string) string {
		tls := ""
		if protocol == "HTTPS" {
			tls = ", tls: {mode: PASSTHROUGH}"
		}
		return strings.NewReplacer("NAME", name, "NS", namespace, "PROTOCOL", protocol, "HOST", host, "TLS", tls).Replace(server)
	}
	for _, tt := range []struct{ what, text, want string }{
		{"own proxies each", of("a", "infra", "", "{name: x, port: 80, protocol: HTTP}") + of("b", "team", "", "{name: x, port: 80, protocol: TCP}"), ""},
		{"one Service, two protocols", of("a", "infra", "gw.infra.svc.cluster.local", "{name: x, port: 80, protocol: HTTP}") + of("b", "team", "gw.infra.svc.cluster.local", "{name: x, port: 80, protocol: TCP}"), "b spec.listeners[0].port"},
		{"one Service, plain HTTP is put together", of("a", "infra", "gw.infra.svc.cluster.local", "{name: x, port: 80, protocol: HTTP}") + of("b", "team", "gw.infra.svc.cluster.local", "{name: x, port: 80, protocol: HTTP}"), ""},
		{"one Service, one TLS host", of("a", "infra", "gw.infra.svc.cluster.local", "{name: x, port: 443, hostname: h, protocol: TLS}") + of("b", "infra", "gw", "{name: x, port: 443, hostname: h, protocol: TLS}"), "b spec.listeners[0].port"},
		{"TLS and HTTPS with two hosts", of("a", "infra", "", "{name: x, port: 443, hostname: h, protocol: TLS}, {name: z, port: 443, hostname: i, protocol: HTTPS}"), ""},
		{"a ListenerSet of another namespace", of("a", "infra", "", "{name: x, port: 80, protocol: HTTP}") + strings.Replace(set, "LISTENERS", "{name: z, port: 80, protocol: HTTP}", 1), "set spec.listeners[0].port"},
		{"a ListenerSet with its own host", of("a", "infra", "", "{name: x, port: 80, protocol: HTTP}") + strings.Replace(set, "LISTENERS", "{name: z, port: 80, hostname: h, protocol: HTTP}", 1), ""},
		{"Gateways of two namespaces, two protocols", proxies + istioGateway("a", "shop", "HTTPS", "h.example.com") + istioGateway("b", "team", "TCP", `"*"`), "b spec.servers[0].port.protocol"},
		{"Gateways of two namespaces, one protocol", proxies + istioGateway("a", "shop", "HTTPS", "h.example.com") + istioGateway("b", "team", "HTTPS", "i.example.com"), ""},
		{"the peer's code says it", proxies + istioGateway("a", "shop", "HTTP", `"*"`) + istioGateway("b", "team", "TCP", `"*"`), ""},
	} {
		got := messagesOf(t, "MSH0114", tt.text)
		if _, ok := got[tt.want]; ok != (tt.want != "") || len(got) > 1 || len(got) == 1 && !ok {
			t.Errorf("%s: %v, want %q", tt.what, got, tt.want)
		}
	}
}
