package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
	"github.com/meshctl/meshctl/pkg/snapshot"
)

// planted are secrets as they stand in a mesh; none may come into an archive.
var planted = []string{
	"c2VjcmV0LXZhbHVl", "env-value-hunter2", "applied-hunter3", "url-hunter4", "hunter5-bearer-token", "hunter6apikey",
	"hunter7-in-a-log", "hunter12-session", "hunter13-signature", "aHVudGVyMTQ6aHVudGVyMTQ=", "hunter15-account", "AKIAHUNTER16HUNTER16", "LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS0tLS0t",
	"eyJhbGciOiJSUzI1NiJ9.eyJodW50ZXI4IjoxfQ", "TUlJRXBBSUJBQUtDQVFFQWh1bnRlcjk", "hunter10-header", "hunter11-wasm",
}

const meshWithSecrets = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Secret
metadata: {name: gateway, namespace: shop, annotations: {kubectl.kubernetes.io/last-applied-configuration: applied-hunter3}}
data: {tls.key: c2VjcmV0LXZhbHVl, other: c2VjcmV0LXZhbHVl}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, uid: u1, labels: {app: web}}
spec:
  containers:
  - {name: web, env: [{name: PASSWORD, value: env-value-hunter2}, {name: PLAIN, value: env-value-hunter2}], args: ["--db=postgres://me:url-hunter4@db"]}
  - {name: istio-proxy, env: [{name: PILOT_CERT_PROVIDER, value: istiod}]}
status:
  phase: Running
  conditions: [{type: Ready, status: "True"}]
  containerStatuses: [{name: web}, {name: istio-proxy, restartCount: 1}]
---
apiVersion: v1
kind: Pod
metadata: {name: gone-1, namespace: shop, uid: u2, labels: {app: gone}}
spec: {containers: [{name: istio-proxy}]}
status: {phase: Running}
---
apiVersion: v1
kind: Pod
metadata: {name: istiod-1, namespace: istio-system, uid: u3, labels: {app: istiod, istio.io/rev: default}}
spec: {containers: [{name: discovery, image: "istio/pilot:1.31.1"}]}
status: {phase: Running, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  gateways: [absent]
  http: [{headers: {request: {set: {authorization: hunter10-header, x-version: v2}}}, route: [{destination: {host: web}}]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: registry, namespace: istio-system}
data:
  config.json: '{"auths": {"r.example": {"auth": "aHVudGVyMTQ6aHVudGVyMTQ="}}}'
  key: LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS0tLS0tCmh1bnRlcgotLS0tLUVORCBFQyBQUklWQVRFIEtFWS0tLS0tCg==
---
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: {name: w, namespace: shop}
spec: {pluginConfig: {client_secret: hunter11-wasm}}
`

// meshServer is a cluster with one proxy that answers, one that does not, and an istiod.
func meshServer(t *testing.T) *kubetest.Server {
	s := kubetest.NewServer(t, meshWithSecrets)
	s.Forward("shop", "web-1", 15000, web(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/config_dump":
			fmt.Fprintf(w, `{"configs": [{"header": {"key": "authorization", "value": "Bearer hunter5-bearer-token"}, "x": {"api_key": "hunter6apikey"}}]}`)
		case "/server_info":
			io.WriteString(w, `{"version": "abc/1.36.0/Clean"}`)
		default:
			fmt.Fprintf(w, "answer to %s\n-----BEGIN RSA PRIVATE KEY-----\nTUlJRXBBSUJBQUtDQVFFQWh1bnRlcjk\n-----END RSA PRIVATE KEY-----\n", r.URL)
		}
	}))
	s.Forward("istio-system", "istiod-1", 15014, web(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/version":
			io.WriteString(w, `{"version": "1.31.1", "revision": "abc", "golang_version": "go1.26", "status": "Clean", "tag": "1.31.1"}`)
		case "/debug/syncz":
			io.WriteString(w, `[{"proxy": "web-1.shop", "istio_version": "1.31.1", "cluster_id": "Kubernetes"}]`)
		case "/debug/config_dump":
			if r.URL.Query().Get("proxyID") != "web-1.shop" {
				http.Error(w, "Proxy not connected to this Pilot instance. It may be connected to another instance.", http.StatusNotFound)
				return
			}
			io.WriteString(w, `{"configs": [{"sent": "to web-1"}]}`)
		default:
			io.WriteString(w, "{}")
		}
	}))
	s.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/log") {
			return false
		}
		io.WriteString(w, "2026-11-01T10:00:00Z > cookie: a=b; session=hunter12-session\n2026-11-01T10:00:01Z authorization: AWS4-HMAC-SHA256 Signature=hunter13-signature\n2026-11-01T10:00:02Z AccountKey=hunter15-account AKIAHUNTER16HUNTER16\n2026-11-01T11:00:00Z password: hunter7-in-a-log and eyJhbGciOiJSUzI1NiJ9.eyJodW50ZXI4IjoxfQ.c2ln\n")
		return true
	})
	return s
}

// collectMesh takes a snapshot and returns its name.
func collectMesh(t *testing.T, s *kubetest.Server, args ...string) (string, outcome) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "mesh.tar.zst")
	got := meshctl(testEnv(t, ""), append([]string{"--kubeconfig", s.Kubeconfig(), "collect", "-o", name}, args...)...)
	if got.code != exitOK || got.stdout != name+"\n" {
		t.Fatalf("exit %d, stdout %q, stderr:\n%s", got.code, got.stdout, got.stderr)
	}
	return name, got
}

func TestCollectTakesNoSecretAlong(t *testing.T) {
	name, got := collectMesh(t, meshServer(t))
	text := unzip(t, name)
	for _, secret := range planted {
		if at := bytes.Index(text, []byte(secret)); at >= 0 {
			t.Errorf("%s is in the archive: ...%s", secret, text[max(0, at-100):at+len(secret)])
		}
	}
	for _, needed := range []string{"web-1", "PILOT_CERT_PROVIDER", "x-version", "tls.key", "answer to /certs"} {
		if !bytes.Contains(text, []byte(needed)) {
			t.Errorf("%s is not in the archive", needed)
		}
	}
	if !strings.Contains(got.stderr, "redacted") || !strings.Contains(got.stderr, "could not be collected") {
		t.Errorf("stderr:\n%s", got.stderr)
	}
	failures := meshctl(testEnv(t, ""), "snapshot", "show", name, "--failures")
	if failures.code != exitOK || !strings.Contains(strings.Join(strings.Fields(failures.stdout), " "), "pod shop/gone-1 reading /config_dump?include_eds from port 15000 of pod shop/gone-1: nothing listens") {
		t.Errorf("failures:\n%s%s", failures.stdout, failures.stderr)
	}
}

// A moment has no rates: nobody waits a minute to be told that nothing happened.
func TestMetricsOfASnapshotAreRefused(t *testing.T) {
	name, _ := collectMesh(t, meshServer(t), "--quick")
	for _, args := range [][]string{{"metrics", "-A"}, {"metrics", "web-1.shop", "--watch"}, {"metrics", "-A", "--proxies", "-o", "json"}} {
		got := meshctl(testEnv(t, ""), append(args, "--from", name)...)
		if got.code != exitFailed || got.stdout != "" || !strings.Contains(got.stderr, "one moment") || !strings.Contains(got.stderr, "--prometheus") {
			t.Errorf("%v: exit %d: %s%s", args, got.code, got.stdout, got.stderr)
		}
	}
}

// The same command tells the same of a cluster and of a snapshot of it.
func TestCommandsReadASnapshotAsTheyReadTheCluster(t *testing.T) {
	s := meshServer(t)
	name, _ := collectMesh(t, s, "--quick")
	kubeconfig := s.Kubeconfig()
	for _, line := range []string{"version -o json", "version", "analyze -A", "analyze -n shop -o json", "dashboard list"} {
		args := strings.Fields(line)
		live := meshctl(testEnv(t, ""), append(args, "--kubeconfig", kubeconfig)...)
		replayed := meshctl(testEnv(t, ""), append(args, "--from", name)...)
		if live.code == exitCluster || live.code == exitUsage {
			t.Errorf("%s: exit %d: %s", line, live.code, live.stderr)
		}
		if diff := cmp.Diff(live, replayed, cmp.AllowUnexported(outcome{})); diff != "" {
			t.Errorf("%s: live and from a snapshot:\n%s", line, diff)
		}
	}
}

func TestCollectKeepsWhatCommandsSaidAndWhatIstiodWouldSend(t *testing.T) {
	name, _ := collectMesh(t, meshServer(t))
	archive, err := snapshot.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	read := func(path string) string {
		in, err := archive.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for path, args := range map[string][]string{
		"views/analysis.json":     {"analyze", "-A", "-o", "json"},
		"views/proxy-status.json": {"proxy-status", "-o", "json"},
	} {
		said := meshctl(testEnv(t, ""), append(args, "--from", name)...)
		if diff := cmp.Diff(said.stdout, read(path)); diff != "" || len(said.stdout) < 100 {
			t.Errorf("%s: %s %s", path, said.stdout, diff)
		}
	}
	if got := read("pods/istio-system/istiod-1/15014/debug_config_dump@proxyID=web-1.shop"); !strings.Contains(got, "to web-1") {
		t.Errorf("got %s", got)
	}
	failures := meshctl(testEnv(t, ""), "snapshot", "show", name, "--failures")
	if !strings.Contains(failures.stdout, "proxyID=gone-1.shop") { // its only istiod does not know it
		t.Errorf("failures:\n%s", failures.stdout)
	}
	quick, _ := collectMesh(t, meshServer(t), "--quick")
	list := meshctl(testEnv(t, ""), "snapshot", "list", quick, "-o", "name")
	if strings.Contains(list.stdout, "proxyID") || !strings.Contains(list.stdout, "views/analysis.json") {
		t.Errorf("quick:\n%s", list.stdout)
	}
}
