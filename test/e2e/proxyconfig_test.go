package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What meshctl reads from a proxy through a port-forward is what it reads from
// the dump of that proxy.
func TestProxyConfigOfAPodEqualsItsDump(t *testing.T) {
	c := shop(t)
	waitSettled(t, c, c.Envoy(c.PodsOf("deploy/frontend")[0]))
	for _, workload := range []string{"frontend", "catalog-v1", "orders"} {
		pod := c.PodsOf("deploy/" + workload)[0]
		dump := saveDump(t, c.Envoy(pod), "config_dump.json")
		// Whom a proxy can send to at the moment stands in another page.
		hosts := saveAdmin(t, c.Envoy(pod), "clusters?format=json", "clusters.json")
		for _, view := range []string{"cluster", "listener", "route", "endpoint"} {
			for _, output := range []string{"table", "json"} {
				t.Run(workload+"/"+view+"/"+output, func(t *testing.T) {
					live := mustMeshctl(t, c.Kubeconfig, "proxy-config", view, pod, "-n", c.Namespace, "-o", output)
					file := dump
					if view == "endpoint" {
						file = hosts
					}
					offline := mustMeshctl(t, "", "proxy-config", view, "--file", file, "-o", output)
					if len(live) < 100 {
						t.Errorf("the proxy's configuration is nearly empty:\n%s", live)
					}
					if diff := cmp.Diff(offline, live); diff != "" {
						t.Errorf("from the dump (-) and from the pod (+):\n%s", diff)
					}
				})
			}
		}
	}
}
