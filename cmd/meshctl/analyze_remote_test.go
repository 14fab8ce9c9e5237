package main

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

const eastCluster = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: catalog, namespace: shop}
spec: {selector: {app: catalog}, ports: [{name: http, port: 80, protocol: TCP}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80, protocol: TCP}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: ""
  meshNetworks: |
    networks:
      net-west:
        endpoints: [{fromRegistry: west}]
      net-south:
        endpoints: [{fromRegistry: south}]
`

const westCluster = `
apiVersion: v1
kind: Service
metadata: {name: catalog, namespace: shop}
spec: {selector: {app: catalog}, ports: [{name: http, port: 8080, protocol: TCP}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80, protocol: TCP}]}
`

const (
	catalogDiffers = "Warning [IST0170] (Service shop/catalog) is not the same in cluster west: other ports\n"
	southUnknown   = "Error [IST0126] (MeshNetworks istio-system/meshnetworks) network \"net-south\" refers to cluster \"south\", for which there is no remote secret\n"
)

func kubeconfigText(server, user string) string {
	return fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c,
clusters: [{name: c, cluster: {server: %q}}],
contexts: [{name: c, context: {cluster: c, user: u}}],
users: [{name: u, user: %s}]}`, server, user)
}

func remoteSecret(cluster, kubeconfig string) string {
	return fmt.Sprintf(`
apiVersion: v1
kind: Secret
metadata: {name: istio-remote-secret-%s, namespace: istio-system, labels: {istio/multiCluster: "true"}}
data: {%s: %s}
`, cluster, cluster, base64.StdEncoding.EncodeToString([]byte(kubeconfig)))
}

// twoContexts writes a kubeconfig with the contexts east, the current one, and west.
func twoContexts(t *testing.T, east, west string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: east,
clusters: [{name: east, cluster: {server: %q}}, {name: west, cluster: {server: %q}}],
contexts: [{name: east, context: {cluster: east, user: u}}, {name: west, context: {cluster: west, user: u}}],
users: [{name: u, user: {}}]}`, east, west)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestAnalyzeComparesTheServicesOfSeveralClusters(t *testing.T) {
	west := kubetest.NewServer(t, westCluster)
	east := kubetest.NewServer(t, eastCluster, remoteSecret("west", kubeconfigText(west.URL, "{token: t0ps3cret}")))
	kubeconfig := twoContexts(t, east.URL, west.URL)
	for _, tt := range []struct{ flags, want string }{
		{"", southUnknown},
		{"--remote-contexts west", southUnknown + catalogDiffers},
		{"--remote-secrets", southUnknown + catalogDiffers},
		{"--remote-secrets --remote-contexts west", southUnknown + catalogDiffers},
	} {
		got := meshctl(testEnv(t, ""), append([]string{"analyze", "-A", "--kubeconfig", kubeconfig}, strings.Fields(tt.flags)...)...)
		if got.code != exitFindings || got.stdout != tt.want {
			t.Errorf("%q: exit code %d\n%s%s\nwant\n%s", tt.flags, got.code, got.stdout, got.stderr, tt.want)
		}
		if strings.Contains(got.stdout+got.stderr, "t0ps3cret") {
			t.Errorf("%q: prints credentials\n%s%s", tt.flags, got.stdout, got.stderr)
		}
	}
	for _, request := range west.Requests() {
		if !strings.HasPrefix(request, "GET /api") || strings.Contains(request, "secrets") || strings.Contains(request, "pods") {
			t.Errorf("the other cluster was asked for more than its Services: %s", request)
		}
	}
}

func TestAnalyzeNamesTheOtherClusterThatDoesNotAnswer(t *testing.T) {
	west := kubetest.NewServer(t, westCluster)
	west.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		kubetest.Refuse(w, http.StatusForbidden, "Forbidden", "services is forbidden")
		return true
	})
	east := kubetest.NewServer(t, eastCluster)
	got := meshctl(testEnv(t, ""), "analyze", "-A", "--kubeconfig", twoContexts(t, east.URL, west.URL), "--remote-contexts", "west", "-S", "IST0126=*")
	if got.code != exitCluster || !strings.Contains(got.stderr, "partial: cluster west: ") {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

func TestAnalyzeRunsNoProgramThatARemoteSecretNames(t *testing.T) {
	ran := filepath.Join(t.TempDir(), "ran")
	for _, user := range []string{
		`{exec: {apiVersion: client.authentication.k8s.io/v1, command: touch, args: [` + ran + `], interactiveMode: Never}}`,
		`{tokenFile: /etc/passwd}`,
		`{client-certificate: /etc/passwd, client-key: /etc/passwd}`,
	} {
		east := kubetest.NewServer(t, eastCluster, remoteSecret("west", kubeconfigText("http://127.0.0.1:1", user)))
		got := meshctl(testEnv(t, ""), "analyze", "-A", "--kubeconfig", east.Kubeconfig(), "--remote-secrets", "-S", "IST0126=*")
		if got.code != exitCluster || !strings.Contains(got.stderr, "cluster west: Secret istio-system/istio-remote-secret-west: ") {
			t.Errorf("%s: exit code %d\n%s%s", user, got.code, got.stdout, got.stderr)
		}
		if _, err := os.Stat(ran); err == nil {
			t.Fatal("the program was run")
		}
	}
}

func TestAnalyzeOfFilesKnowsNoOtherClusters(t *testing.T) {
	for _, flag := range []string{"--remote-contexts=west", "--remote-secrets"} {
		if got := meshctl(testEnv(t, brokenShop), "analyze", "-", flag); got.code != exitUsage {
			t.Errorf("%s: exit code %d", flag, got.code)
		}
	}
}

func TestAnalyzeOfAUserOfOneNamespace(t *testing.T) {
	server := kubetest.NewServer(t, liveShop+`---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: slow, namespace: shop}
spec:
  hosts: [other.shop.svc.cluster.local]
  http:
  - timeout: 1s
    retries: {attempts: 5, perTryTimeout: 2s}
    route:
    - destination: {host: absent.elsewhere.svc.cluster.local}
`)
	server.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/shop/") || r.URL.Path == "/api" || r.URL.Path == "/apis" {
			return false
		}
		kubetest.Refuse(w, http.StatusForbidden, "Forbidden", "not for you")
		return true
	})
	got := meshctl(testEnv(t, ""), "analyze", "--kubeconfig", server.Kubeconfig(), "-n", "shop")
	if got.code != exitOK || !strings.Contains(got.stdout, "MSH0103") || strings.Contains(got.stdout, "IST0101") {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	for _, part := range []string{"nothing is known of ConfigMap, CustomResourceDefinition, ", "only namespace shop may be read", "analyzers were left out", "authn.TLSConflictAnalyzer"} {
		if !strings.Contains(got.stderr, part) {
			t.Errorf("stderr does not say %q:\n%s", part, got.stderr)
		}
	}
	got = meshctl(testEnv(t, ""), "analyze", "--kubeconfig", server.Kubeconfig(), "-A")
	if got.code != exitCluster || got.stdout != "" {
		t.Errorf("all namespaces: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}
