package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

const synczAnswer = `[
 {"proxy":"web-1.shop","cluster_id":"Kubernetes","istio_version":"1.31.1","resources":{
  "type.googleapis.com/envoy.config.cluster.v3.Cluster":{"sent":"a","acked":"a","sentTime":"2026-11-01T11:55:00Z"},
  "type.googleapis.com/envoy.config.listener.v3.Listener":{"sent":"b","acked":"a","sentTime":"2026-11-01T11:59:00Z","lastError":"no such filter"},
  "type.googleapis.com/envoy.config.route.v3.RouteConfiguration":{"sent":"b","acked":"a","sentTime":"2026-11-01T11:59:30Z"},
  "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment":{"sent":""}}},
 {"cluster_id":"a connection without a proxy"}]`

// controlPlane is a cluster with two istiods, of which one does not answer, and a proxy.
func controlPlane(t *testing.T, istiod, proxy http.HandlerFunc) *kubetest.Server {
	t.Helper()
	pod := func(namespace, name, labels, container string) string {
		return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: %s, labels: {%s}}\nspec: {containers: [{name: %s, image: x}]}\nstatus: {phase: Running}\n", name, namespace, labels, container)
	}
	s := kubetest.NewServer(t, pod("istio-system", "istiod-1", "app: istiod", "discovery"),
		pod("istio-system", "istiod-2", "app: istiod", "discovery"), pod("shop", "web-1", "app: web", "istio-proxy"))
	serve := func(h http.HandlerFunc) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	s.Forward("istio-system", "istiod-1", 15014, serve(istiod))
	s.Forward("shop", "web-1", 15000, serve(proxy))
	return s
}

func TestProxyStatus(t *testing.T) {
	s := controlPlane(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/debug/syncz" {
			http.NotFound(w, r)
		}
		_, _ = w.Write([]byte(synczAnswer))
	}, http.NotFound)
	got := meshctl(testEnv(t, ""), "ps", "--kubeconfig", s.Kubeconfig())
	if got.code != exitFindings {
		t.Errorf("exit code %d, want 3\n%s", got.code, got.stderr)
	}
	for _, want := range []string{"SYNCED (5m)", "ERROR (60s)", "STALE (30s)", "NOT SENT", "web-1.shop", "istiod-1", "CDS"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("%q is not in\n%s", want, got.stdout)
		}
	}
	for _, want := range []string{"istiod-2", "no such filter", "goes on with what it had before"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("%q is not told: %s", want, got.stderr)
		}
	}
	if wide := meshctl(testEnv(t, ""), "ps", "--kubeconfig", s.Kubeconfig(), "-v", "1"); !strings.Contains(wide.stdout, "SUBSCRIBED TYPES") {
		t.Errorf("the peer's flag for more: %s%s", wide.stdout, wide.stderr)
	}
	got = meshctl(testEnv(t, ""), "ps", "--kubeconfig", s.Kubeconfig(), "-o", "wide")
	for _, want := range []string{
		"ERROR (LDS: no such filter): the proxy rejected", "STALE (RDS): istiod has sent", "NOT SENT (EDS): istiod had nothing", "SYNCED (CDS): the proxy has",
	} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("-o wide: %q is not in\n%s", want, got.stdout)
		}
	}
	got = meshctl(testEnv(t, ""), "ps", "--kubeconfig", s.Kubeconfig(), "-o", "json")
	if got.code != exitFindings || !strings.Contains(got.stdout, `"state": "ERROR"`) {
		t.Errorf("exit code %d\n%s", got.code, got.stdout)
	}
}

func TestProxyStatusOfOneProxyIsADifference(t *testing.T) {
	file := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Error(err)
			}
			_, _ = w.Write(text)
		}
	}
	for sent, code := range map[string]int{dumpBefore: exitOK, dumpAfter: exitFindings} {
		s := controlPlane(t, file(sent), file(dumpBefore))
		got := meshctl(testEnv(t, ""), "proxy-status", "web-1", "-n", "shop", "--kubeconfig", s.Kubeconfig())
		if got.code != code {
			t.Errorf("%s: exit code %d, want %d\n%s%s", sent, got.code, code, got.stdout, got.stderr)
		}
	}
}

func TestProxyLogSetsAndRestores(t *testing.T) {
	var mu sync.Mutex
	levels := map[string]string{"http": "warning", "rbac": "info", "upstream": "warning"}
	var asked []string
	s := controlPlane(t, http.NotFound, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+r.URL.String())
		for name, value := range r.URL.Query() {
			for logger := range levels {
				if name == "level" || name == logger {
					levels[logger] = value[0]
				}
			}
		}
		fmt.Fprintln(w, "active loggers:")
		for logger, level := range levels {
			fmt.Fprintf(w, "  %s: %s\n", logger, level)
		}
	})
	run := func(args ...string) outcome {
		return meshctl(testEnv(t, ""), append([]string{"pc", "log", "web-1", "-n", "shop", "--kubeconfig", s.Kubeconfig()}, args...)...)
	}
	if got := run(); got.code != 0 || !strings.Contains(got.stdout, "rbac") {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	got := run("--level", "http:debug", "--for", "1ms")
	if got.code != 0 || !strings.Contains(got.stdout, "debug") || !strings.Contains(got.stderr, "are restored") {
		t.Errorf("exit code %d\n%s%s\n%q", got.code, got.stdout, got.stderr, asked)
	}
	if levels["http"] != "warning" || levels["rbac"] != "info" || levels["upstream"] != "warning" {
		t.Errorf("not restored: %v", levels)
	}
	if got := run("--level", "nosuch:debug"); got.code != 1 || !strings.Contains(got.stderr, "http, rbac, upstream") {
		t.Errorf("an unknown logger: exit code %d\n%s", got.code, got.stderr)
	}
	if got := run("--level", "loud"); got.code != exitUsage {
		t.Errorf("an unknown level: exit code %d\n%s", got.code, got.stderr)
	}
}

func TestEnvoyStats(t *testing.T) {
	s := controlPlane(t, http.NotFound, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.String() {
		case "/stats?filter=rq":
			fmt.Fprint(w, "cluster.a.upstream_rq_total: 7\ncluster.a.upstream_rq_time: No recorded values\n")
		case "/stats/prometheus":
			fmt.Fprint(w, "envoy_x{a=\"b\"} 1\n")
		case "/clusters":
			fmt.Fprint(w, "a::10.0.0.1:80::cx_active::1\n")
		default:
			http.NotFound(w, r)
		}
	})
	for args, want := range map[string]string{
		"--filter rq":                  "upstream_rq_total",
		"--type clusters --filter cx_": "a::10.0.0.1:80::cx_active",
		"--filter rq -o json":          `"value": "No recorded values"`,
		"-o prom":                      "envoy_x{a=\"b\"} 1\n",
		"--type clusters":              "a::10.0.0.1:80::cx_active",
	} {
		got := meshctl(testEnv(t, ""), append([]string{"envoy-stats", "web-1", "-n", "shop", "--kubeconfig", s.Kubeconfig()}, strings.Fields(args)...)...)
		if got.code != 0 || !strings.Contains(got.stdout, want) {
			t.Errorf("%s: exit code %d\n%s%s", args, got.code, got.stdout, got.stderr)
		}
	}
}

// What one istiod does not tell is missing from the answer, and the exit code says so.
func TestProxyStatusOfAPartOfTheMesh(t *testing.T) {
	s := controlPlane(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("[]")) }, http.NotFound)
	got := meshctl(testEnv(t, ""), "ps", "--kubeconfig", s.Kubeconfig())
	if got.code != exitCluster || !strings.Contains(got.stderr, "istiod-2") || !strings.Contains(got.stderr, "not all istiods") {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

func TestEnvoyStatsOfSeveralProxies(t *testing.T) {
	pod := func(name string) string {
		return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: shop, labels: {app: web}}\nspec: {containers: [{name: istio-proxy, image: x}]}\nstatus: {phase: Running}\n", name)
	}
	s := kubetest.NewServer(t, pod("web-1"), pod("web-2"), pod("closed"))
	for i, name := range []string{"web-1", "web-2"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "rq_total: %d\ncx_total: 1\n", i+6) }))
		t.Cleanup(server.Close)
		s.Forward("shop", name, 15000, server.URL)
	}
	s.Forward("shop", "closed", 15000, "http://127.0.0.1:1")
	run := func(args string) outcome {
		return meshctl(testEnv(t, ""), append(strings.Fields("envoy-stats -n shop --kubeconfig "+s.Kubeconfig()), strings.Fields(args)...)...)
	}
	const both = "PROXY        NAME       VALUE\nweb-1.shop   rq_total   6\nweb-2.shop   rq_total   7\n"
	if got := run("web-1 web-2 --filter rq"); got.code != 0 || got.stdout != both {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if got := run("-l app=web --filter rq"); got.code == 0 || got.stdout != both || !strings.Contains(got.stderr, "closed") {
		t.Errorf("one that fails: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if got := run("web-1 web-2 -o json --filter rq"); got.code != 0 || !strings.Contains(got.stdout, `"proxy": "web-2.shop"`) {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if got := run("web-1 web-2 -o prom"); got.code != 0 || !strings.Contains(got.stdout, "# proxy web-2.shop\n") {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	for args, want := range map[string]string{"": "which proxy", "web-1 -l app=web": "exclude each other", "web-1 --filter (": "--filter"} {
		if got := run(args); got.code != exitUsage || !strings.Contains(got.stderr, want) {
			t.Errorf("%q: exit code %d\n%s", args, got.code, got.stderr)
		}
	}
}

func TestTheOddReplicaIsFound(t *testing.T) {
	before, err := os.ReadFile(dumpBefore)
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(dumpAfter)
	if err != nil {
		t.Fatal(err)
	}
	manifests := []string{"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec: {selector: {matchLabels: {app: web}}}\n"}
	for i := range 3 {
		manifests = append(manifests, fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: web-%d, namespace: shop, labels: {app: web}}\nspec: {containers: [{name: istio-proxy, image: x}]}\nstatus: {phase: Running, podIP: 10.9.9.%d}\n", i, i))
	}
	s := kubetest.NewServer(t, manifests...)
	for i, text := range [][]byte{before, after, before} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) }))
		t.Cleanup(server.Close)
		s.Forward("shop", fmt.Sprint("web-", i), 15000, server.URL)
	}
	got := meshctl(testEnv(t, ""), "pc", "diff", "deploy/web", "-n", "shop", "--kubeconfig", s.Kubeconfig())
	if got.code != exitFindings || !strings.Contains(got.stdout, "2 alike: web-0.shop, web-2.shop") || !strings.Contains(got.stdout, "odd: web-1.shop") {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	// One that fails does not hide the others.
	s.Forward("shop", "web-2", 15000, "http://127.0.0.1:1")
	got = meshctl(testEnv(t, ""), "pc", "diff", "deploy/web", "-n", "shop", "--kubeconfig", s.Kubeconfig())
	if got.code != exitFailed || !strings.Contains(got.stdout, "odd: web-") || !strings.Contains(got.stderr, "web-2") {
		t.Errorf("one fails: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}
