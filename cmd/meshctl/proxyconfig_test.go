package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

const (
	dumpBefore = "../../samples/shop-dumps/frontend.before.json"
	dumpAfter  = "../../samples/shop-dumps/frontend.after.json"
)

func TestProxyConfigShowsAFile(t *testing.T) {
	for _, c := range []struct {
		args string
		want []string
	}{
		{"cluster", []string{"SERVICE FQDN", "catalog.shop.svc.cluster.local", "EDS"}},
		{"cluster -o name --subset v1", []string{"cluster/outbound|8080|v1|catalog.shop.svc.cluster.local"}},
		{"cluster -o json --subset v1", []string{`"serviceName": "outbound|8080|v1|catalog.shop.svc.cluster.local"`}},
		{"cluster -o yaml --subset v1", []string{"serviceName: outbound|8080|v1|catalog.shop.svc.cluster.local"}},
		{"c -o short", []string{"SERVICE FQDN"}},
		{"listener", []string{"ADDRESSES", "15006"}},
		{"route -o wide", []string{"CONDITIONS", "90% outbound|8080|v1|catalog.shop.svc.cluster.local, 10% outbound|8080|v2|"}},
		{"listener -o wide", []string{"NAME", "virtualInbound"}},
		{"route --istio-object VirtualService/shop/catalog", []string{"catalog.shop"}},
		{"endpoint", []string{"outbound|8080|v1|catalog.shop.svc.cluster.local"}},
		{"bootstrap", []string{`"bootstrap": {`}},
		{"bootstrap -o table", []string{"Istio Version: 1.31"}},
		{"secret -o wide", []string{"DAYS LEFT", "spiffe://cluster.local/ns/shop/sa/"}},
		{"all", []string{"SERVICE FQDN", "ADDRESSES", "VHOST NAME", "RESOURCE NAME", "cluster/BlackHoleCluster"}},
		{"all -o json", []string{"envoy.admin.v3.BootstrapConfigDump"}},
	} {
		t.Run(c.args, func(t *testing.T) {
			args := append([]string{"pc"}, strings.Fields(c.args)...)
			got := meshctl(testEnv(t, ""), append(args, "--file", dumpBefore)...)
			if got.code != 0 {
				t.Fatalf("exit code %d: %s", got.code, got.stderr)
			}
			for _, want := range c.want {
				if !strings.Contains(got.stdout, want) {
					t.Errorf("%q is not in\n%s", want, got.stdout)
				}
			}
			if strings.Contains(got.stdout, "PRIVATE KEY") {
				t.Error("a private key is shown")
			}
		})
	}
}

func TestProxyConfigOfBadInput(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		name, want string
		code       int
		args       []string
	}{
		{"no proxy", "which proxy?", 2, []string{"pc", "cluster"}},
		{"two ways", "exclude each other", 2, []string{"pc", "cluster", "pod", "-f", dumpBefore}},
		{"no such file", "no such file", 2, []string{"pc", "cluster", "-f", "nosuch.json"}},
		{"no such view", "is not a command", 2, []string{"pc", "nosuch"}},
		{"HTML", "HTML", 1, []string{"pc", "cluster", "-f", write("a.html", "<html></html>")}},
		{"cut off", ":1: the text ends too early", 1, []string{"pc", "cluster", "-f", write("b.json", `{"configs":[{"@type":"`)}},
		{"no endpoints", "include_eds", 1, []string{"pc", "endpoint", "-f", write("c.json", `{"configs":[]}`)}},
		{"a wrong type", `cluster "c"`, 1, []string{"pc", "cluster", "-f", write("d.json", `{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"c","metadata":[]}}]}]}`)}},
		{"a bad object", "Kind/namespace/name", 2, []string{"pc", "cluster", "-f", dumpBefore, "--istio-object", "x"}},
		{"a bad format", "expected one of", 2, []string{"pc", "cluster", "-f", dumpBefore, "-o", "nosuch"}},
		{"no URL", "--url", 2, []string{"pc", "trace", "-f", dumpBefore}},
		{"a bad URL", "names no host", 2, []string{"pc", "trace", "-f", dumpBefore, "--url", "http:///x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := meshctl(testEnv(t, ""), c.args...)
			if got.code != c.code || !strings.Contains(got.stderr, c.want) {
				t.Errorf("exit code %d, %s; want %d, %s", got.code, got.stderr, c.code, c.want)
			}
			if got.stdout != "" {
				t.Errorf("something was printed: %s", got.stdout)
			}
		})
	}
}

func TestProxyConfigDiff(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{dumpBefore, dumpBefore}, 0, "no difference"},
		{[]string{dumpBefore, dumpAfter}, 3, "VirtualService/shop/catalog"},
		{[]string{dumpBefore, dumpAfter, "-o", "name"}, 3, "changed route "},
		{[]string{dumpBefore, dumpAfter, "-o", "json"}, 3, `"resources": [`},
		{[]string{dumpBefore, dumpAfter, "-o", "patch"}, 3, `"op": `},
		{[]string{dumpBefore, dumpBefore, "-o", "json"}, 0, `"resources": []`},
	} {
		t.Run(strings.Join(c.args[1:], " "), func(t *testing.T) {
			got := meshctl(testEnv(t, ""), append([]string{"proxy-config", "diff"}, c.args...)...)
			if got.code != c.code || !strings.Contains(got.stdout, c.want) {
				t.Errorf("exit code %d, want %d and %q in\n%s%s", got.code, c.code, c.want, got.stdout, got.stderr)
			}
		})
	}
}

func TestProxyConfigTrace(t *testing.T) {
	got := meshctl(testEnv(t, ""), "pc", "trace", "-f", dumpAfter, "--url", "http://catalog:8080/items", "--header", "x-shop-preview: true", "--verbose")
	if got.code != 0 || !strings.Contains(got.stdout, "outbound|8080|v2|catalog.shop.svc.cluster.local") || !strings.Contains(got.stdout, "[VirtualService/shop/catalog]") {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	got = meshctl(testEnv(t, ""), "pc", "trace", "-f", dumpAfter, "--url", "http://catalog:8080/items", "-o", "json")
	var answer tracesAnswer
	if err := json.Unmarshal([]byte(got.stdout), &answer); err != nil || len(answer.Client.Verdict.Targets) != 2 {
		t.Errorf("%v, %+v", err, answer.Client.Verdict)
	}
}

// A proxy in a pod is asked through the API server.
func TestProxyConfigAsksPods(t *testing.T) {
	dump, err := os.ReadFile(dumpBefore)
	if err != nil {
		t.Fatal(err)
	}
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.String() != "/config_dump?include_eds" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(dump)
	}))
	t.Cleanup(admin.Close)
	pod := func(name, containers string) string {
		return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: shop, labels: {app: web}}\nspec: {containers: [%s]}\nstatus: {phase: Running}\n", name, containers)
	}
	s := kubetest.NewServer(t,
		pod("web-1", "{name: istio-proxy, image: x}"), pod("web-2", "{name: istio-proxy, image: x}"),
		pod("closed", "{name: istio-proxy, image: x}"), pod("plain", "{name: app, image: x}"))
	s.Forward("shop", "web-1", 15000, admin.URL)
	s.Forward("shop", "web-2", 15000, admin.URL)
	run := func(args ...string) outcome {
		return meshctl(testEnv(t, ""), append([]string{"pc", "--kubeconfig", s.Kubeconfig(), "-n", "shop"}, args...)...)
	}
	if got := run("cluster", "web-1"); got.code != 0 || !strings.Contains(got.stdout, "catalog.shop.svc.cluster.local") {
		t.Errorf("one pod: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if got := run("cluster", "web-1.shop", "web-2"); got.code != 0 || !strings.HasPrefix(got.stdout, "PROXY ") || !strings.Contains(got.stdout, "web-2.shop ") {
		t.Errorf("two pods: exit code %d\n%.300s%s", got.code, got.stdout, got.stderr)
	}
	if got := run("diff", "web-1", "web-2"); got.code != 0 {
		t.Errorf("diff: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if got := run("diff", "web-1", dumpAfter); got.code != 3 {
		t.Errorf("diff with a file: exit code %d\n%s", got.code, got.stderr)
	}
	if got := run("cluster", "plain"); got.code != 1 || !strings.Contains(got.stderr, "has no proxy") {
		t.Errorf("a pod without proxy: exit code %d\n%s", got.code, got.stderr)
	}
	if got := run("cluster", "-l", "app=web"); got.code != 1 || !strings.Contains(got.stdout, "web-1.shop") || !strings.Contains(got.stderr, "shop/closed") {
		t.Errorf("one that fails hides the others: exit code %d\n%.200s%s", got.code, got.stdout, got.stderr)
	}
}
