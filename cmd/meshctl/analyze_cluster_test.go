package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

const liveShop = `
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
kind: Pod
metadata: {name: catalog-1, namespace: shop, labels: {app: catalog, version: v1}}
spec: {containers: [{name: app, image: app}, {name: istio-proxy, image: proxy}]}
---
apiVersion: v1
kind: Pod
metadata: {name: ingress-1, namespace: istio-system, labels: {istio: ingressgateway}}
spec: {containers: [{name: istio-proxy, image: proxy}]}
---
apiVersion: v1
kind: Service
metadata: {name: ingress, namespace: istio-system, labels: {istio: ingressgateway}}
spec: {selector: {istio: ingressgateway}, ports: [{name: https, port: 443, protocol: TCP}]}
---
apiVersion: v1
kind: Secret
metadata: {name: unrelated, namespace: istio-system}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: web, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 443, name: https, protocol: HTTPS}
    hosts: [shop.example.com]
    tls: {mode: SIMPLE, credentialName: shop-cert}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: catalog, namespace: shop}
spec:
  hosts: [shop.example.com]
  gateways: [web]
  http:
  - route:
    - destination: {host: catalog}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: catalog, namespace: shop}
spec:
  host: catalog
  subsets:
  - {name: v1, labels: {version: v1}}
`

func TestAnalyzeReadsTheCluster(t *testing.T) {
	server := kubetest.NewServer(t, liveShop)
	got := meshctl(testEnv(t, ""), "analyze", "--kubeconfig", server.Kubeconfig(), "-A")
	want := "Error [IST0101] (Gateway shop/web) credential \"shop-cert\" does not exist: there is no such Secret in namespace istio-system\n"
	if got.code != exitFindings || got.stdout != want {
		t.Errorf("exit code %d\n%s%s\nwant\n%s", got.code, got.stdout, got.stderr, want)
	}
	for _, request := range server.Requests() {
		if strings.Contains(request, "/secrets") && !strings.HasSuffix(strings.Split(request, "?")[0], "/secrets/shop-cert") {
			t.Errorf("Secrets that nothing refers to were asked for: %s", request)
		}
		if strings.Contains(request, "/configmaps") && !strings.Contains(request, "istio-system") {
			t.Errorf("ConfigMaps of other namespaces were asked for: %s", request)
		}
	}
}

func TestAnalyzeLaysFilesOverTheCluster(t *testing.T) {
	server := kubetest.NewServer(t, liveShop)
	changed := `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: catalog, namespace: shop}
spec:
  hosts: [shop.example.com]
  gateways: [web]
  http:
  - route:
    - destination: {host: catalog, subset: v2}
`
	got := meshctl(testEnv(t, changed), "analyze", "-", "--use-kube", "--kubeconfig", server.Kubeconfig(), "-A", "-S", "IST0101=Gateway shop/web")
	want := "Error [IST0101] (VirtualService shop/catalog stdin:10) subset \"v2\" of host \"catalog\" is not defined by any DestinationRule\n"
	if got.code != exitFindings || got.stdout != want {
		t.Errorf("exit code %d\n%s%s\nwant\n%s", got.code, got.stdout, got.stderr, want)
	}
}

func TestAnalyzeSaysWhatItMayNotRead(t *testing.T) {
	server := kubetest.NewServer(t, liveShop)
	server.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/pods") || strings.Contains(r.URL.Path, "/secrets") {
			kubetest.Refuse(w, http.StatusForbidden, "Forbidden", "pods is forbidden")
			return true
		}
		return false
	})
	got := meshctl(testEnv(t, ""), "analyze", "--kubeconfig", server.Kubeconfig(), "-A")
	if got.code != exitOK || got.stdout != "" || !strings.Contains(got.stderr, "the result is partial") {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if strings.Count(got.stderr, "partial") != 1 {
		t.Errorf("each kind should be named once:\n%s", got.stderr)
	}
}

func TestAnalyzeStopsWhenTheServerFailsInTheMiddle(t *testing.T) {
	server := kubetest.NewServer(t, liveShop)
	server.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/virtualservices") {
			kubetest.Refuse(w, http.StatusInternalServerError, "InternalError", "etcd is gone")
			return true
		}
		return false
	})
	got := meshctl(testEnv(t, ""), "analyze", "--kubeconfig", server.Kubeconfig(), "-A", "--timeout", "20s")
	if !strings.Contains(got.stderr, "etcd is gone") {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if strings.Contains(got.stdout, "VirtualService") {
		t.Errorf("VirtualServices are judged that were not read:\n%s", got.stdout)
	}
}

func TestAnalyzeOfOneAnalyzerListsOnlyItsKinds(t *testing.T) {
	server := kubetest.NewServer(t, liveShop)
	meshctl(testEnv(t, ""), "analyze", "--kubeconfig", server.Kubeconfig(), "-A", "--analyzer", "service.PortNameAnalyzer")
	if slices.ContainsFunc(server.Requests(), func(r string) bool { return strings.Contains(r, "/pods") || strings.Contains(r, "/gateways") }) {
		t.Errorf("asked for more than Services: %v", server.Requests())
	}
}

// Two mistakes are certain whatever else fails: the gateway and the waypoint
// that are in no namespace's list.
const liveMistakes = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: orders, namespace: shop}
spec:
  hosts: [orders.example.com]
  gateways: [wbe]
  http:
  - route:
    - destination: {host: absent}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: nobody, namespace: shop}
spec: {workloadSelector: {labels: {app: nobody}}, egress: [{hosts: ["./*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: far, namespace: shop}
spec:
  hosts: [far.example.com]
  gateways: [elsewhere/web]
  http:
  - route:
    - destination: {host: db.elsewhere.svc.cluster.local, subset: v1}
`

func TestAnalyzeGoesOnWithoutAKindThatCannotBeRead(t *testing.T) {
	server := kubetest.NewServer(t, liveShop, liveMistakes)
	hang := make(chan struct{})
	defer close(hang)
	fail := func(kinds string, how func(w http.ResponseWriter)) {
		server.Fault(func(w http.ResponseWriter, r *http.Request) bool {
			path := strings.Split(r.URL.Path, "/")
			if !strings.Contains(" "+kinds+" ", " "+path[len(path)-1]+" ") {
				return false
			}
			how(w)
			return true
		})
	}
	unavailable := func(w http.ResponseWriter) {
		kubetest.Refuse(w, http.StatusServiceUnavailable, "ServiceUnavailable", "etcd is restarting")
	}
	brokenOff := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"kind": "List", "items": [{"kind"`))
	}
	for _, tt := range []struct {
		what, kinds   string
		how           func(http.ResponseWriter)
		code          int
		found, absent string // objects that findings are about
		stderr        string
	}{
		{"one kind is unavailable", "gateways", unavailable, exitFindings, "shop/orders", "wbe shop-cert", "partial: nothing is known of Gateway; one of the answers: listing gateways in all namespaces: "},
		{"one kind hangs", "services", func(http.ResponseWriter) { <-hang }, exitFindings, `"wbe"`, `"absent"`, "no answer in time"},
		{"an answer breaks off", "services", brokenOff, exitFindings, `"wbe"`, `"absent"`, "nothing is known of Service"},
		{"all that is wrong depends on what is missing", "virtualservices gateways sidecars", unavailable, exitCluster, "", "Error", "read in part only"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			fail(tt.kinds, tt.how)
			got := meshctl(testEnv(t, ""), "analyze", "--kubeconfig", server.Kubeconfig(), "-A", "--timeout", "3s")
			if got.code != tt.code || !strings.Contains(got.stdout, tt.found) || !strings.Contains(got.stderr, tt.stderr) {
				t.Errorf("exit code %d, want %d\n%s%s", got.code, tt.code, got.stdout, got.stderr)
			}
			for claim := range strings.FieldsSeq(tt.absent) {
				if strings.Contains(got.stdout, claim) {
					t.Errorf("claimed without knowing: %s\n%s", claim, got.stdout)
				}
			}
		})
	}
	server.Fault(func(w http.ResponseWriter, _ *http.Request) bool { unavailable(w); return true })
	got := meshctl(testEnv(t, ""), "analyze", "--kubeconfig", server.Kubeconfig(), "-A", "--timeout", "3s")
	if got.code != exitCluster || got.stdout != "" || !strings.Contains(got.stderr, "etcd is restarting") || !strings.Contains(got.stderr, "try again") {
		t.Errorf("nothing can be read: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

// A user of one namespace is told of what can be known there.
func TestAnalyzeOfOneNamespaceClaimsWhatItCanKnow(t *testing.T) {
	server := kubetest.NewServer(t, liveShop, liveMistakes)
	server.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		inShop := strings.Contains(r.URL.Path, "/namespaces/shop")
		if inShop || r.URL.Path == "/api" || r.URL.Path == "/apis" {
			return false
		}
		kubetest.Refuse(w, http.StatusForbidden, "Forbidden", "it is forbidden")
		return true
	})
	got := meshctl(testEnv(t, ""), "analyze", "--kubeconfig", server.Kubeconfig(), "-n", "shop")
	want := `Error [IST0101] (Sidecar shop/nobody) selector "app=nobody" selects no pod
Error [IST0101] (VirtualService shop/orders) gateway "wbe" does not exist
Error [IST0101] (VirtualService shop/orders) host "absent" does not exist: no Service or ServiceEntry defines it
`
	var errors []string
	for line := range strings.Lines(got.stdout) {
		if strings.HasPrefix(line, "Error") {
			errors = append(errors, line)
		}
	}
	if strings.Join(errors, "") != want || got.code != exitFindings {
		t.Errorf("exit code %d\n%s%s\nwant\n%s", got.code, got.stdout, got.stderr, want)
	}
}

// A mistyped namespace must not look like a healthy one.
func TestAnalyzeOfANamespaceThatDoesNotExist(t *testing.T) {
	server := kubetest.NewServer(t, liveShop)
	got := meshctl(testEnv(t, ""), "analyze", "--kubeconfig", server.Kubeconfig(), "-n", "shpo")
	if got.code != exitUsage || got.stdout != "" || !strings.Contains(got.stderr, `namespace "shpo" does not exist`) {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if got := meshctl(testEnv(t, ""), "analyze", "--kubeconfig", server.Kubeconfig(), "-n", "shop"); got.code == exitUsage {
		t.Errorf("a namespace that exists: %s", got.stderr)
	}
}
