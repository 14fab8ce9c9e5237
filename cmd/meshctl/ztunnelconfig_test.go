package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

const ztunnelDump = `{
 "workloads": [
  {"uid":"u1","name":"web-1","namespace":"shop","serviceAccount":"web","workloadIps":["10.0.0.1"],"node":"NODE","protocol":"HBONE","status":"Healthy","waypoint":{"destination":"shop/way.shop.svc.cluster.local"}},
  {"uid":"u2","name":"db-1","namespace":"data","serviceAccount":"db","workloadIps":["10.0.0.2"],"node":"n2","protocol":"TCP","status":"Healthy"}],
 "services": [{"name":"web","namespace":"shop","hostname":"web.shop.svc.cluster.local","vips":["net/10.1.0.1"],"endpoints":{"a":{"workloadUid":"u1"}}}],
 "policies": [{"name":"only-web","namespace":"shop","scope":"Namespace","action":"Allow","rules":[]}],
 "certificates": [{"identity":"spiffe://cluster.local/ns/shop/sa/web","state":"Available","certChain":[{"pem":"","serialNumber":"7","validFrom":"2026-10-01T00:00:00Z","expirationTime":"2026-12-01T00:00:00Z"}]}],
 "workloadState": {"k": {"info":{"name":"web-1","namespace":"shop"},"connections":{"inbound":[{"src":"10.0.0.2:7","actualDst":"10.0.0.1:80","protocol":"HBONE"}],"outbound":[]}}}
}`

// twoZtunnels are ztunnels on two nodes, of which each tells its node.
func twoZtunnels(t *testing.T) *kubetest.Server {
	t.Helper()
	pod := func(name, node string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: istio-system, labels: {app: ztunnel}}\nspec: {nodeName: " + node + ", containers: [{name: istio-proxy, image: x}]}\nstatus: {phase: Running}\n"
	}
	s := kubetest.NewServer(t, pod("ztunnel-a", "n1"), pod("ztunnel-b", "n2"))
	for name, node := range map[string]string{"ztunnel-a": "n1", "ztunnel-b": "n2"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/config_dump" {
				http.NotFound(w, r)
				return
			}
			_, _ = w.Write([]byte(strings.ReplaceAll(ztunnelDump, "NODE", node)))
		}))
		t.Cleanup(server.Close)
		s.Forward("istio-system", name, 15000, server.URL)
	}
	return s
}

// Every view tells the same of a cluster and of a snapshot of it, with each of its flags.
func TestZtunnelConfigOfASnapshot(t *testing.T) {
	s := twoZtunnels(t)
	name, _ := collectMesh(t, s, "--quick")
	for line, want := range map[string]string{
		"workload":                              "web-1",
		"workload --node n2 --workload-node n2": "web-1",
		"workload ztunnel-b --address 10.0.0.1": "n2",
		"workload --workload-namespace data":    "db-1",
		"workload -o wide":                      "10.0.0.1",
		"service":                               "10.1.0.1",
		"service --service-namespace nosuch":    "NAMESPACE",
		"policy --policy-namespace shop":        "only-web",
		"policy -o yaml":                        "scope: Namespace",
		"certificate":                           "spiffe://cluster.local/ns/shop/sa/web",
		"certificate -o json":                   "serialNumber",
		"connections":                           "web-1.shop:80",
		"connections --raw --direction inbound": "10.0.0.1:80",
		"connections ztunnel-a.istio-system":    "db-1.data:7",
		"all --with-headers":                    "POLICY",
		"all -o json":                           `"certificate"`,
		"all -o name":                           "web-1",
	} {
		args := append([]string{"ztunnel-config"}, strings.Fields(line)...)
		live := meshctl(testEnv(t, ""), append(args, "--kubeconfig", s.Kubeconfig())...)
		replayed := meshctl(testEnv(t, ""), append(args, "--from", name)...)
		if live.code != 0 || !strings.Contains(live.stdout, want) {
			t.Errorf("%s: exit code %d, want %q in\n%s%s", line, live.code, want, live.stdout, live.stderr)
		}
		if diff := cmp.Diff(live, replayed, cmp.AllowUnexported(outcome{})); diff != "" {
			t.Errorf("%s: live and from a snapshot:\n%s", line, diff)
		}
	}
	for line, want := range map[string]string{
		"workload --node n9":      "there are 2 on other nodes",
		"workload nosuch":         `no ztunnel found with the name "nosuch" among 2`,
		"log --level debug":       "snapshot",
		"workload --node n1 -f x": "exclude each other",
	} {
		got := meshctl(testEnv(t, ""), append([]string{"zc", "--from", name}, strings.Fields(line)...)...)
		if got.code == 0 || !strings.Contains(got.stderr, want) {
			t.Errorf("%s: exit code %d, want %q in\n%s%s", line, got.code, want, got.stdout, got.stderr)
		}
	}
}
