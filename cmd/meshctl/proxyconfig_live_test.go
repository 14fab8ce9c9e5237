package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

const liveProxyPod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web-1, namespace: shop}\nspec: {containers: [{name: istio-proxy, image: x}]}\nstatus: {phase: Running}\n"

// What an admin port answers when something is wrong is told as an error: by which proxy,
// what was wrong, what it may mean. Nothing of it is printed as if it were data.
func TestBrokenAnswersOfAProxy(t *testing.T) {
	whole, err := os.ReadFile(dumpBefore)
	if err != nil {
		t.Fatal(err)
	}
	cut := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(whole)))
			_, _ = w.Write(whole[:n])
			panic(http.ErrAbortHandler) // the connection ends here, as when a proxy restarts
		}
	}
	text := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"HTML", text(200, "<!DOCTYPE html><html><body>login</body></html>"), "HTML"},
		{"empty", text(200, ""), "empty"},
		{"blank", text(200, "\n\n"), "empty"},
		{"a text", text(200, "no healthy upstream"), "no healthy upstream"},
		{"JSON that is no dump", text(200, `{"error":"x"}`), "this is no dump of Envoy"},
		{"null", text(200, "null"), ""},
		{"a list", text(200, "[1,2]"), ""},
		{"an error status", text(503, "no healthy upstream"), "503 Service Unavailable: no healthy upstream"},
		{"a redirect in a circle", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), http.StatusFound) }, "redirect"},
		{"the proxy restarts at once", cut(0), "EOF"},
		{"the proxy restarts in the middle", cut(len(whole) / 2), ""},
		{"the text is cut off, the connection is not", text(200, string(whole[:len(whole)/2])), "ends too early"},
		{"it never ends", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat(" ", 64<<10)); err != nil {
					return
				}
			}
		}, ""},
		{"it never begins", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(c.answer)
			t.Cleanup(func() {
				server.CloseClientConnections()
				server.Close()
			})
			s := kubetest.NewServer(t, liveProxyPod)
			s.Forward("shop", "web-1", 15000, server.URL)
			for where, args := range map[string][]string{
				"URL": {"--admin", server.URL},
				"pod": {"web-1.shop", "--kubeconfig", s.Kubeconfig()},
			} {
				start := time.Now()
				got := meshctl(parallelEnv(t), append([]string{"pc", "cluster", "--timeout", "2s"}, args...)...)
				name := map[string]string{"URL": strings.TrimPrefix(server.URL, "http://"), "pod": "web-1"}[where]
				if got.code != exitFailed || !strings.Contains(got.stderr, c.want) || !strings.Contains(got.stderr, name) {
					t.Errorf("%s: exit code %d, stderr without %q or %q: %s", where, got.code, c.want, name, got.stderr)
				}
				if got.stdout != "" || strings.Contains(got.stderr, "panic") || strings.Count(got.stderr, "\n") > 2 {
					t.Errorf("%s: stdout %q, stderr:\n%s", where, got.stdout, got.stderr)
				}
				if took := time.Since(start); took > 30*time.Second {
					t.Errorf("%s: it took %s", where, took)
				}
			}
		})
	}
}

// parallelEnv is testEnv for tests that run at the same time and name their kubeconfig.
func parallelEnv(t *testing.T) *env {
	t.Helper()
	home := t.TempDir()
	return &env{
		in: strings.NewReader(""), out: &bytes.Buffer{}, err: &bytes.Buffer{}, now: time.Now,
		getenv: func(name string) string { return map[string]string{"HOME": home, "XDG_CONFIG_HOME": home}[name] },
		browse: func(string) error { return nil },
	}
}

func TestAProxyThatCannotBeReached(t *testing.T) {
	s := kubetest.NewServer(t, liveProxyPod)
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--admin", "127.0.0.1:1"}, exitFailed, "nothing listens on its admin port"},
		{[]string{"--admin", "http://[::1"}, exitFailed, "[::1"},
		{[]string{"web-1.shop", "--kubeconfig", s.Kubeconfig()}, exitFailed, "nothing listens on the pod's port 15000"},
		{[]string{"gone.shop", "--kubeconfig", s.Kubeconfig()}, exitFailed, "no pod found"},
	} {
		got := meshctl(testEnv(t, ""), append([]string{"pc", "listener"}, c.args...)...)
		if got.code != c.code || !strings.Contains(got.stderr, c.want) || got.stdout != "" {
			t.Errorf("%v: exit code %d\n%s%s", c.args, got.code, got.stdout, got.stderr)
		}
	}
}

// The admin port of any Envoy is asked for what a view needs.
func TestAnyEnvoyIsAskedByItsURL(t *testing.T) {
	whole, err := os.ReadFile(dumpBefore)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.String())
		mu.Unlock()
		if r.URL.Path == "/clusters" {
			_, _ = io.WriteString(w, `{"cluster_statuses":[{"name":"a","host_statuses":[{"address":{"socket_address":{"address":"10.0.0.1","port_value":80}},"health_status":{"eds_health_status":"HEALTHY"}}]}]}`)
			return
		}
		// A dump can be much larger than what is wanted of it.
		_, _ = io.WriteString(w, `{"configs":[{"@type":"type.googleapis.com/unknown.Dump","x":"`+strings.Repeat("x", 20<<20)+`"},`)
		_, _ = w.Write([]byte(strings.TrimPrefix(strings.TrimSpace(strings.SplitN(string(whole), "[", 2)[1]), " ")))
	}))
	t.Cleanup(server.Close)
	for _, url := range []string{server.URL, strings.TrimPrefix(server.URL, "http://"), server.URL + "/"} {
		if got := meshctl(testEnv(t, ""), "pc", "cluster", "--admin", url); got.code != 0 || !strings.Contains(got.stdout, "catalog.shop.svc.cluster.local") {
			t.Errorf("%s: exit code %d\n%.300s%s", url, got.code, got.stdout, got.stderr)
		}
	}
	if got := meshctl(testEnv(t, ""), "pc", "endpoint", "--admin", server.URL); got.code != 0 || !strings.Contains(got.stdout, "10.0.0.1:80") {
		t.Errorf("endpoints: exit code %d\n%.300s%s", got.code, got.stdout, got.stderr)
	}
	if strings.Join(asked, " ") != strings.Repeat("/config_dump?include_eds ", 3)+"/clusters?format=json" {
		t.Errorf("asked for %q", asked)
	}
}

// A pod that was replaced by another of its workload is compared with it, without what each
// has of itself.
func TestDiffWithTheLastDumpOfAReplacedPod(t *testing.T) {
	before, err := os.ReadFile(dumpBefore)
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(dumpAfter)
	if err != nil {
		t.Fatal(err)
	}
	const old, young = "frontend-78777946fb-fp25x", "frontend-5d9f8b7c66-x2k4z" // the first is that of the samples
	as := func(text []byte) []byte {
		return bytes.ReplaceAll(bytes.ReplaceAll(text, []byte(old), []byte(young)), []byte("10.244.0.5"), []byte("10.244.7.7"))
	}
	pod := func(name, ip string) string {
		hash := strings.Split(name, "-")[1]
		return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: shop, labels: {pod-template-hash: " + hash + "}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: frontend-" + hash + ", uid: u}]}\n" +
			"spec: {containers: [{name: istio-proxy, image: x}]}\nstatus: {phase: Running, podIP: " + ip + "}\n"
	}
	s := kubetest.NewServer(t, pod(old, "10.244.0.5"), pod(young, "10.244.7.7"))
	now := as(before)
	for name, text := range map[string]*[]byte{old: &before, young: &now} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(*text) }))
		t.Cleanup(server.Close)
		s.Forward("shop", name, 15000, server.URL)
	}
	e := testEnv(t, "")
	run := func(args ...string) outcome {
		again := testEnv(t, "")
		again.getenv = e.getenv
		return meshctl(again, append([]string{"pc", "--kubeconfig", s.Kubeconfig(), "-n", "shop"}, args...)...)
	}
	if got := run("all", old, "--save", "-o", "name"); got.code != 0 {
		t.Fatalf("save: exit code %d\n%.200s%s", got.code, got.stdout, got.stderr)
	}
	got := run("diff", "last", young)
	if got.code != 0 || !strings.Contains(got.stderr, "no dump of "+young+".shop is kept; "+old+".shop was a pod of the same workload") {
		t.Errorf("the same: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	now = as(after)
	if got := run("diff", "last", young, "-o", "name"); got.code != exitFindings || !strings.Contains(got.stdout, "changed route ") || strings.Contains(got.stdout, "bootstrap") {
		t.Errorf("another: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if got := run("diff", "last", young, "-o", "patch"); got.code != exitUsage {
		t.Errorf("a patch: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

// A dump that was kept is compared with what the proxy has now, and has no secrets.
func TestDiffWithTheLastDump(t *testing.T) {
	before, err := os.ReadFile(dumpBefore)
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(dumpAfter)
	if err != nil {
		t.Fatal(err)
	}
	now := []byte(strings.Replace(string(before), `"[redacted]"`, `"hunter2"`, -1))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(now) }))
	t.Cleanup(server.Close)
	s := kubetest.NewServer(t, liveProxyPod)
	s.Forward("shop", "web-1", 15000, server.URL)
	e := testEnv(t, "")
	home := e.getenv("HOME")
	run := func(args ...string) outcome {
		again := testEnv(t, "")
		again.getenv = e.getenv
		return meshctl(again, append([]string{"pc", "--kubeconfig", s.Kubeconfig(), "-n", "shop"}, args...)...)
	}
	if got := run("diff", "last", "web-1"); got.code != exitUsage || !strings.Contains(got.stderr, "no dump of web-1.shop is kept") {
		t.Errorf("nothing kept: exit code %d\n%s", got.code, got.stderr)
	}
	if got := run("all", "web-1", "--save", "-o", "name"); got.code != 0 || !strings.Contains(got.stderr, "is kept") || !strings.Contains(got.stdout, "cluster/") {
		t.Errorf("save: exit code %d\n%.200s%s", got.code, got.stdout, got.stderr)
	}
	if got := run("diff", "last", "web-1", "-o", "name"); got.code != 0 || got.stdout != "" {
		t.Errorf("the same: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	now = after
	for _, sides := range [][]string{{"last", "web-1"}, {"web-1", "last"}, {"last:web-1.shop", "web-1"}, {"last:web-1", dumpAfter}} {
		if got := run("diff", sides[0], sides[1], "-o", "name"); got.code != exitFindings || !strings.Contains(got.stdout, "changed route ") {
			t.Errorf("%v: exit code %d\n%s%s", sides, got.code, got.stdout, got.stderr)
		}
	}
	if got := run("diff", "last", "web-1", "--save", "-o", "name"); got.code != exitFindings {
		t.Errorf("exit code %d\n%s", got.code, got.stderr)
	}
	if got := run("diff", "last", "web-1"); got.code != 0 {
		t.Errorf("--save of diff keeps nothing: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	for want, args := range map[string][]string{
		"write last:POD":                {"diff", "last", dumpAfter},
		"with what?":                    {"diff", "last"},
		"there are dumps of web-1.shop": {"diff", "last:web-7.shop", dumpAfter},
		"names no pod":                  {"all", "--admin", server.URL, "--save"},
	} {
		if got := run(args...); got.code != exitUsage || !strings.Contains(got.stderr, want) {
			t.Errorf("%v: exit code %d\n%s", args, got.code, got.stderr)
		}
	}
	files, _ := filepath.Glob(filepath.Join(home, ".local", "state", "meshctl", "dumps", "test", "*"))
	if len(files) != 1 || filepath.Base(files[0]) != "web-1.shop.json.gz" {
		t.Errorf("files: %q", files)
	}
	if got := run("all", "--file", files[0], "-o", "json"); strings.Contains(got.stdout, "hunter2") {
		t.Error("a secret is kept")
	}
}

// A proxy as it was when a snapshot was taken is a side of a comparison.
func TestDiffWithAPodOfASnapshot(t *testing.T) {
	before, err := os.ReadFile(dumpBefore)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/config_dump" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(before)
	}))
	t.Cleanup(server.Close)
	s := kubetest.NewServer(t, liveProxyPod)
	s.Forward("shop", "web-1", 15000, server.URL)
	archive := filepath.Join(t.TempDir(), "mesh.tar.zst")
	if got := meshctl(testEnv(t, ""), "collect", "--kubeconfig", s.Kubeconfig(), "-o", archive); got.code != 0 && got.code != exitFindings {
		t.Fatalf("collect: exit code %d\n%s", got.code, got.stderr)
	}
	for _, c := range []struct {
		sides [2]string
		code  int
		want  string
	}{
		{[2]string{archive + ":web-1.shop", dumpBefore}, 0, ""},
		{[2]string{archive + ":pod/web-1.shop", dumpAfter}, exitFindings, ""},
		{[2]string{dumpAfter, archive + ":web-1.shop"}, exitFindings, ""},
		{[2]string{archive + ":gone.shop", dumpAfter}, exitFailed, "no pod found"},
		{[2]string{"nosuch.tar.zst:web-1.shop", dumpAfter}, exitUsage, "no such file"},
	} {
		got := meshctl(testEnv(t, ""), "pc", "diff", c.sides[0], c.sides[1])
		if got.code != c.code || !strings.Contains(got.stderr, c.want) {
			t.Errorf("%v: exit code %d\n%s%s", c.sides, got.code, got.stdout, got.stderr)
		}
	}
}

// From a pod the way of a request goes on in the proxy of the pod that it is delivered to.
func TestTraceGoesOnInTheDestination(t *testing.T) {
	client, err := os.ReadFile(dumpAfter)
	if err != nil {
		t.Fatal(err)
	}
	url := []string{"--url", "http://catalog:8080/items", "--header", "x-shop-preview: true", "-o", "json"}
	var answer tracesAnswer
	got := meshctl(testEnv(t, ""), append([]string{"pc", "trace", "-f", dumpAfter}, url...)...)
	if err := json.Unmarshal([]byte(got.stdout), &answer); err != nil || answer.Destination != nil {
		t.Fatalf("%v\n%s", err, got.stdout)
	}
	ip, _, _ := strings.Cut(answer.Client.Verdict.Targets[0].Endpoints[0], ":")
	own := regexp.MustCompile(`"INSTANCE_IPS": *"([^"]+)"`)
	server := own.ReplaceAll(client, []byte(`"INSTANCE_IPS": "`+ip+`"`))
	s := kubetest.NewServer(t, liveProxyPod, "apiVersion: v1\nkind: Pod\nmetadata: {name: catalog-v2, namespace: shop}\nspec: {containers: [{name: istio-proxy, image: x}]}\nstatus: {phase: Running, podIP: "+ip+"}\n")
	for pod, text := range map[string][]byte{"web-1": client, "catalog-v2": server} {
		admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text) }))
		t.Cleanup(admin.Close)
		s.Forward("shop", pod, 15000, admin.URL)
	}
	run := func(args ...string) (outcome, tracesAnswer) {
		t.Helper()
		var answer tracesAnswer
		got := meshctl(testEnv(t, ""), append(append([]string{"pc", "trace", "web-1.shop", "--kubeconfig", s.Kubeconfig()}, url...), args...)...)
		if err := json.Unmarshal([]byte(got.stdout), &answer); err != nil {
			t.Fatalf("%v\n%s%s", err, got.stdout, got.stderr)
		}
		return got, answer
	}
	if got, answer := run(); answer.Destination == nil || len(answer.Destination.Steps) == 0 || got.stderr != "" {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if got, answer := run("--here"); got.code != 0 || answer.Destination != nil {
		t.Errorf("--here: exit code %d\n%s", got.code, got.stdout)
	}
	s.Forward("shop", "catalog-v2", 15000, "http://127.0.0.1:1")
	if got, answer := run(); got.code != 0 || answer.Destination != nil || !strings.Contains(got.stderr, "the proxy of the destination is not looked at") {
		t.Errorf("it cannot be reached: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

// A proxy may be administered on another port.
func TestTheAdminPortOfAProxyCanBeAnother(t *testing.T) {
	admin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, dumpBefore) }))
	t.Cleanup(admin.Close)
	s := kubetest.NewServer(t, liveProxyPod)
	s.Forward("shop", "web-1", 19000, admin.URL)
	got := meshctl(testEnv(t, ""), "pc", "cluster", "web-1.shop", "--proxy-admin-port", "19000", "--kubeconfig", s.Kubeconfig())
	if got.code != 0 || !strings.Contains(got.stdout, "catalog.shop.svc.cluster.local") {
		t.Errorf("exit code %d\n%.200s%s", got.code, got.stdout, got.stderr)
	}
}
