package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// twoProtocols are two pods of a service: the agent of one has its Envoy speak the
// state of the world, the other's speaks incremental xDS as all do by default.
const twoProtocols = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: delta}
spec:
  selector: {matchLabels: {app: web, xds: delta}}
  template:
    metadata: {labels: {app: web, xds: delta}}
    spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: world}
spec:
  selector: {matchLabels: {app: web, xds: world}}
  template:
    metadata:
      labels: {app: web, xds: world}
      annotations: {proxy.istio.io/config: '{proxyMetadata: {ISTIO_DELTA_XDS: "false"}}'}
    spec: {containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]}
`

const laterService = `
apiVersion: v1
kind: Service
metadata: {name: later}
spec: {selector: {app: web}, ports: [{name: http, port: 8123, targetPort: 8080}]}
`

// Whichever protocol a proxy speaks, it gets the same configuration, learns of
// what is new and of what is gone. Only the dump tells: over incremental xDS
// istiod gives no versions to single resources.
func TestBothProtocolsGiveAProxyTheSame(t *testing.T) {
	t.Parallel()
	c := mesh.In(t, "istio-injection=enabled")
	c.WaitForInjection()
	c.Apply(twoProtocols)
	c.WaitForRollouts()
	delta, world := c.Pod("xds=delta"), c.Pod("xds=world")
	same := func() error {
		for _, view := range []string{"cluster", "listener", "route", "endpoint"} {
			a := mustMeshctl(t, c.Kubeconfig, "proxy-config", view, delta, "-n", c.Namespace)
			b := mustMeshctl(t, c.Kubeconfig, "proxy-config", view, world, "-n", c.Namespace)
			if a != b {
				return fmt.Errorf("%s of the one:\n%s\nof the other:\n%s", view, a, b)
			}
		}
		return nil
	}
	knows := func(wanted bool) error {
		for _, pod := range []string{delta, world} {
			for _, view := range []string{"cluster", "listener", "route"} {
				out := mustMeshctl(t, c.Kubeconfig, "proxy-config", view, pod, "-n", c.Namespace)
				if strings.Contains(out, "8123") != wanted {
					return fmt.Errorf("%s of %s: port 8123 is wanted: %t\n%s", view, pod, wanted, out)
				}
			}
		}
		return nil
	}
	c.Eventually("the proxies to have the same", same)
	c.Apply(laterService)
	c.Eventually("the proxies to know of the new service", func() error { return errors.Join(knows(true), same()) })
	c.Delete(laterService)
	c.Eventually("the proxies to forget the service", func() error { return errors.Join(knows(false), same()) })

	clusters := func(pod string) string {
		return readAdmin(t, c, c.Envoy(pod), "config_dump?resource=dynamic_active_clusters")
	}
	if strings.Contains(clusters(delta), "version_info") || !strings.Contains(clusters(world), "version_info") {
		t.Errorf("versions of clusters, incremental: %t, state of the world: %t",
			strings.Contains(clusters(delta), "version_info"), strings.Contains(clusters(world), "version_info"))
	}
}
