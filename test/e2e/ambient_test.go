package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/test/lab"
)

const ambientShop = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {serviceAccountName: web, containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: only-callers}
spec:
  selector: {matchLabels: {app: web}}
  rules: [{from: [{source: {namespaces: [callers]}}]}]
`

const waypoint = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, labels: {istio.io/waypoint-for: service}}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec: {hosts: [web], http: [{name: slowly, timeout: 7s, route: [{destination: {host: web}}]}]}
`

// A mesh in ambient mode: what a ztunnel knows, and the proxy of a waypoint.
func TestAmbient(t *testing.T) {
	l := ownLab(t, lab.Options{})
	if err := l.InstallGatewayAPI(t.Context()); err != nil {
		t.Fatal(err)
	}
	manifests := mustMeshctl(t, "", "manifest", "generate", "--profile", "ambient")
	if err := l.InstallIstio(t.Context(), []byte(manifests)); err != nil {
		t.Fatal(err)
	}
	t.Run("ztunnel", func(t *testing.T) { aZtunnelKnowsTheMesh(t, l) })
	t.Run("waypoint", func(t *testing.T) { aWaypointHasItsConfiguration(t, l) })
}

func aZtunnelKnowsTheMesh(t *testing.T, l *lab.Lab) {
	c := l.In(t, "istio.io/dataplane-mode=ambient")
	c.Apply(ambientShop)
	c.WaitForRollouts()
	pod := c.Pod("app=web")
	for _, tt := range []struct {
		view string
		want []string // on one line
	}{
		{"workload", []string{c.Namespace, pod, "HBONE"}}, // captured
		{"service", []string{c.Namespace, "web"}},
		{"policy", []string{c.Namespace, "only-callers"}},
		{"certificate", []string{"spiffe://cluster.local/ns/" + c.Namespace + "/sa/web", "Available", "true"}},
	} {
		c.Eventually("the ztunnel to know it", func() error {
			return lineWith(mustMeshctl(t, c.Kubeconfig, "ztunnel-config", tt.view), tt.want...)
		})
		if out := mustMeshctl(t, c.Kubeconfig, "ztunnel-config", tt.view, "-o", "json"); !strings.Contains(out, c.Namespace) {
			t.Errorf("not in the JSON of %s:\n%s", tt.view, out)
		}
	}
	// Nothing goes through it, so there is no connection to show.
	if out := mustMeshctl(t, c.Kubeconfig, "ztunnel-config", "connections"); strings.Contains(out, c.Namespace) {
		t.Errorf("connections:\n%s", out)
	}
	if all := mustMeshctl(t, c.Kubeconfig, "ztunnel-config", "all", "--node", "node-1"); !strings.Contains(all, pod) {
		t.Errorf("all of node-1:\n%s", all)
	}
	none := runMeshctl(t, c.Kubeconfig, "ztunnel-config", "workload", "--node", "node-9")
	if none.code == 0 || !strings.Contains(none.stderr, "node-9") {
		t.Errorf("of a node that is not there: exit code %d, %s", none.code, none.stderr)
	}
}

func aWaypointHasItsConfiguration(t *testing.T, l *lab.Lab) {
	c := l.In(t, "istio.io/dataplane-mode=ambient", "istio.io/use-waypoint=waypoint")
	c.Apply(ambientShop)
	c.Apply(waypoint)
	c.Eventually("istiod to make the waypoint's pod", func() error {
		if pods := c.Pods("gateway.networking.k8s.io/gateway-name=waypoint"); len(pods) != 1 {
			return fmt.Errorf("%d pods", len(pods))
		}
		return nil
	})
	c.WaitForRollouts()
	pod := c.Pod("gateway.networking.k8s.io/gateway-name=waypoint")
	host := "web." + c.Namespace + ".svc.cluster.local"
	for _, tt := range []struct {
		view, output string
		want         []string // on one line
	}{
		{"listener", "json", []string{`"name": "connect_terminate"`}},
		{"listener", "json", []string{`"name": "main_internal"`}},
		{"listener", "table", []string{"inbound-vip|80|http|" + host}},
		{"cluster", "table", []string{host, "80", "inbound-vip"}},
		{"route", "table", []string{"inbound-vip|80|http|" + host}},
		{"endpoint", "table", []string{host}},
	} {
		c.Eventually("the "+tt.view+"s of the waypoint", func() error {
			return lineWith(mustMeshctl(t, c.Kubeconfig, "proxy-config", tt.view, pod, "-n", c.Namespace, "-o", tt.output), tt.want...)
		})
	}
	if out := mustMeshctl(t, c.Kubeconfig, "proxy-config", "route", pod, "-n", c.Namespace, "-o", "json"); !strings.Contains(out, `"timeout": "7s"`) {
		t.Errorf("the route does not have the timeout of the VirtualService:\n%s", out)
	}
	if out := mustMeshctl(t, c.Kubeconfig, "proxy-status"); lineWith(out, pod, "SYNCED") != nil && lineWith(out, pod, "Synced") != nil {
		t.Errorf("proxy-status:\n%s", out)
	}
}

// lineWith returns an error unless one line has all parts in it.
func lineWith(text string, parts ...string) error {
	for line := range strings.Lines(text) {
		found := 0
		for _, part := range parts {
			if strings.Contains(line, part) {
				found++
			}
		}
		if found == len(parts) {
			return nil
		}
	}
	return fmt.Errorf("no line has %q:\n%s", parts, text)
}
