package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

func TestSnapshotDiffTellsWhatChanged(t *testing.T) {
	s := meshServer(t)
	before, _ := collectMesh(t, s)
	same := meshctl(testEnv(t, ""), "snapshot", "diff", before, before)
	if same.code != exitOK {
		t.Errorf("exit %d for twice the same:\n%s", same.code, same.stdout)
	}
	s.Delete("WasmPlugin", "shop", "w")
	s.Apply("{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: web, namespace: shop}, spec: {hosts: [web, shop]}}\n" +
		"---\n{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: new, namespace: shop}, spec: {}}")
	s.Forward("istio-system", "istiod-1", 15014, web(t, says(`{"version": "1.31.2"}`)))
	after, _ := collectMesh(t, s)
	got := meshctl(testEnv(t, ""), "snapshot", "diff", before, after)
	want := `CHANGE    WHAT                        FIELD            BEFORE                                                                             AFTER
added     Gateway shop/new
changed   VirtualService shop/web     spec.gateways    ["absent"]
changed   VirtualService shop/web     spec.hosts       ["web"]                                                                            ["web","shop"]
changed   VirtualService shop/web     spec.http        [{"headers":{"request":{"set":{"authorization":"[redacted]","x-version":"v2"}...
removed   WasmPlugin shop/w
changed   pod istio-system/istiod-1   istiod version   1.31.1                                                                             1.31.2
`
	if got.code != exitFindings {
		t.Errorf("exit %d: %s", got.code, got.stderr)
	}
	if diff := cmp.Diff(want, got.stdout); diff != "" {
		t.Error(diff)
	}
}

// What changed alike in several proxies is told once, by its meaning; times and
// versions of a dump are no change.
func TestSnapshotDiffLooksIntoProxies(t *testing.T) {
	pod := func(name string) string {
		return "\n---\n{apiVersion: v1, kind: Pod, metadata: {name: " + name + ", namespace: shop, uid: " + name + "}, spec: {containers: [{name: istio-proxy}]}, status: {phase: Running}}"
	}
	s := kubetest.NewServer(t, "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"+pod("web-1")+pod("web-2")+pod("web-3"))
	answer := func(name, clusters, serial string) {
		s.Forward("shop", name, 15000, web(t, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/config_dump":
				fmt.Fprintf(w, `{"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump", "dynamic_active_clusters": [%s]}]}`, clusters)
			case "/certs":
				fmt.Fprintf(w, `{"certificates": [{"cert_chain": [{"serial_number": %q, "expiration_time": "2026-11-02T00:00:00Z", "days_until_expiration": "1"}]}]}`, serial)
			default:
				io.WriteString(w, "{}")
			}
		}))
	}
	cluster := func(name, timeout, updated string) string {
		return fmt.Sprintf(`{"last_updated": %q, "cluster": {"@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster", "name": %q, "connect_timeout": %q}}`, updated, name, timeout)
	}
	for _, name := range []string{"web-1", "web-2", "web-3"} {
		answer(name, cluster("a", "1s", "2026-11-01T00:00:00Z"), "11")
	}
	before, _ := collectMesh(t, s, "--quick")
	const later = "2026-11-01T01:00:00Z"
	answer("web-1", cluster("a", "5s", later)+","+cluster("b", "1s", later), "11")
	answer("web-2", cluster("a", "5s", later)+","+cluster("b", "1s", later), "22")
	answer("web-3", cluster("a", "1s", later), "11")
	after, _ := collectMesh(t, s, "--quick")
	got := meshctl(testEnv(t, ""), "snapshot", "diff", before, after)
	want := `CHANGE    WHAT                          FIELD                        BEFORE                               AFTER
changed   2 proxies, shop/web-1 first   cluster a: connect_timeout   "1s"                                 "5s"
added     2 proxies, shop/web-1 first   cluster b
changed   pod shop/web-2                certificates                 leaf 11 until 2026-11-02T00:00:00Z   leaf 22 until 2026-11-02T00:00:00Z
`
	if diff := cmp.Diff(want, got.stdout); diff != "" || got.code != exitFindings {
		t.Errorf("exit %d: %s%s", got.code, got.stderr, diff)
	}
	data := meshctl(testEnv(t, ""), "snapshot", "diff", before, after, "-o", "json")
	var changes []struct {
		Change, What, Field string
		Proxies             []string
	}
	if err := json.Unmarshal([]byte(data.stdout), &changes); err != nil || len(changes) != 3 || data.code != exitFindings {
		t.Fatalf("exit %d, %v: %s", data.code, err, data.stdout)
	}
	if diff := cmp.Diff([]string{"shop/web-1", "shop/web-2"}, changes[0].Proxies); diff != "" {
		t.Error(diff)
	}
	none := meshctl(testEnv(t, ""), "snapshot", "diff", after, after, "-o", "json")
	if none.code != exitOK || none.stdout != "[]\n" {
		t.Errorf("exit %d: %s", none.code, none.stdout)
	}
	if one := meshctl(testEnv(t, ""), "snapshot", "diff", after); one.code != exitUsage {
		t.Errorf("one archive: exit %d: %s", one.code, one.stderr)
	}
}

func TestSnapshotsThatAreNoneAreRefused(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "x.tar.gz")
	if err := os.WriteFile(foreign, []byte("\x1f\x8bxxxx"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"snapshot", "show", foreign}, {"version", "--from", foreign}, {"analyze", "--from", foreign}} {
		got := meshctl(testEnv(t, ""), args...)
		if got.code != exitFailed || !strings.Contains(got.stderr, "this is no snapshot of meshctl") {
			t.Errorf("%v: exit %d: %s", args, got.code, got.stderr)
		}
	}
	if got := meshctl(testEnv(t, ""), "snapshot", "show", t.TempDir()); got.code != exitFailed || !strings.Contains(got.stderr, "is a directory") {
		t.Errorf("exit %d: %s", got.code, got.stderr)
	}
}
