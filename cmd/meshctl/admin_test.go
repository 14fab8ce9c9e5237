package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/meshctl/meshctl/internal/istiod"
	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

// scopes is ControlZ of an istiod.
type scopes struct {
	mu   sync.Mutex
	list []istiod.Scope
}

func (s *scopes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Method == http.MethodGet {
		_ = json.NewEncoder(w).Encode(s.list)
		return
	}
	var wanted istiod.Scope
	_ = json.NewDecoder(r.Body).Decode(&wanted)
	for i := range s.list {
		if "/scopej/"+s.list[i].Name == r.URL.Path {
			wanted.Description = s.list[i].Description
			s.list[i] = wanted
			w.WriteHeader(http.StatusAccepted)
			return
		}
	}
	http.Error(w, "unknown scope name", http.StatusBadRequest)
}

func (s *scopes) levels() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := ""
	for _, scope := range s.list {
		out += fmt.Sprintf("%s %s %s %v;", scope.Name, scope.OutputLevel, scope.StackTraceLevel, scope.LogCallers)
	}
	return out
}

func newScopes() *scopes {
	return &scopes{list: []istiod.Scope{
		{Name: "ads", Description: "ads debugging", OutputLevel: "info", StackTraceLevel: "none", LogCallers: true},
		{Name: "authorization", Description: "Istio Authorization Policy", OutputLevel: "info", StackTraceLevel: "none"},
	}}
}

// istiodNamed is a manifest of an istiod.
func istiodNamed(name string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: %s, namespace: istio-system, labels: {app: istiod, istio.io/rev: default}}\nspec: {containers: [{name: discovery, image: x}]}\nstatus: {phase: Running}\n", name)
}

func TestAdminLogShowsSetsAndRestoresScopes(t *testing.T) {
	first, second := newScopes(), newScopes()
	s := kubetest.NewServer(t, istiodNamed("istiod-1"), istiodNamed("istiod-2"))
	for pod, handler := range map[string]http.Handler{"istiod-1": first, "istiod-2": second} {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		s.Forward("istio-system", pod, 9876, server.URL)
	}
	run := func(args ...string) outcome {
		return meshctl(testEnv(t, ""), append([]string{"admin", "log", "--kubeconfig", s.Kubeconfig()}, args...)...)
	}
	const asBefore = "ads info none true;authorization info none false;"
	got := run("istiod-1")
	if want := "ACTIVE SCOPE    DESCRIPTION                  LOG LEVEL   STACK TRACE LEVEL\nads             ads debugging                info        none\nauthorization   Istio Authorization Policy   info        none\n"; got.code != 0 || got.stdout != want {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if got := run("-o", "json"); got.code != 0 || strings.Count(got.stdout, `"scope_name": "ads"`) != 2 || !strings.Contains(got.stdout, `"istiod": "istiod-2"`) {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	got = run("--level", "debug,authorization:warn", "--stack-trace-level", "ads:error", "--for", "1ms")
	if got.code != 0 || !strings.Contains(got.stdout, "istiod-2   ads             ads debugging                debug       error") || !strings.Contains(got.stderr, "are restored") {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if first.levels() != asBefore || second.levels() != asBefore {
		t.Errorf("not restored: %s, %s", first.levels(), second.levels())
	}
	if got := run("istiod-1", "--level", "ads:debug"); got.code != 0 || first.levels() != "ads debug none true;authorization info none false;" || second.levels() != asBefore {
		t.Errorf("exit code %d, %s, %s\n%s", got.code, first.levels(), second.levels(), got.stderr)
	}
	if got := run("--reset"); got.code != 0 || first.levels() != asBefore {
		t.Errorf("exit code %d, %s\n%s", got.code, first.levels(), got.stderr)
	}
	for want, args := range map[string][]string{
		"it has ads, authorization": {"--level", "nosuch:debug"},
		"is no level":               {"--level", "ads:loud"},
		"exclude each other":        {"--level", "debug", "--reset"},
		"no istiod found":           {"--revision", "nosuch"},
		"needs a level":             {"--for", "5m"},
	} {
		if got := run(args...); got.code == 0 || !strings.Contains(got.stderr, want) {
			t.Errorf("%v: exit code %d\n%s", args, got.code, got.stderr)
		}
	}
	second.list = nil
	s.Forward("istio-system", "istiod-2", 9876, "http://127.0.0.1:1")
	if got := run(); got.code != 1 || !strings.Contains(got.stdout, "ads") || !strings.Contains(got.stderr, "istiod-2") {
		t.Errorf("one that fails hides the other: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

func TestInternalDebugShowsPages(t *testing.T) {
	s := kubetest.NewServer(t, istiodNamed("istiod-1"), istiodNamed("istiod-2"),
		"apiVersion: v1\nkind: Pod\nmetadata: {name: web-1, namespace: shop}\nspec: {containers: [{name: istio-proxy, image: x}]}\nstatus: {phase: Running}\n")
	for _, pod := range []string{"istiod-1", "istiod-2"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch url := r.URL.String(); {
			case url == "/debug/list":
				fmt.Fprint(w, `["edsz","mesh","syncz"]`)
			case url == "/debug/mesh":
				fmt.Fprintf(w, `{"of":%q}`, pod)
			case url == "/debug/push_status":
				fmt.Fprint(w, "no push yet")
			case url == "/debug/edsz":
				http.Error(w, "You must provide a proxyID in the query string", http.StatusBadRequest)
			case url == "/debug/edsz?proxyID=web-1.shop" && pod == "istiod-2":
				fmt.Fprint(w, `{"configs":[]}`)
			case strings.HasPrefix(url, "/debug/edsz?"):
				http.Error(w, "Proxy not connected to this Pilot instance. It may be connected to another instance.", http.StatusNotFound)
			default:
				http.NotFound(w, r)
			}
		}))
		t.Cleanup(server.Close)
		s.Forward("istio-system", pod, 15014, server.URL)
	}
	for _, c := range []struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		{[]string{"--list", "-o", "name"}, 0, "edsz\nmesh\nsyncz\n", ""},
		{[]string{"mesh", "--all"}, 0, "{\n  \"istiod-1\": {\n    \"of\": \"istiod-1\"\n  },\n  \"istiod-2\": {\n    \"of\": \"istiod-2\"\n  }\n}\n", ""},
		{[]string{"mesh", "-o", "yaml"}, 0, "of: istiod-", "one of 2 istiods"},
		{[]string{"push_status"}, 0, "no push yet\n", ""},
		{[]string{"edsz", "web-1", "-n", "shop"}, 0, "{\n  \"configs\": []\n}\n", ""},
		{[]string{"edsz?proxyID=web-1.shop"}, 0, "{\n  \"configs\": []\n}\n", ""},
		{[]string{"edsz?proxyID=gone.shop"}, 1, "", "no istiod knows the proxy"},
		{[]string{"edsz"}, 2, "", "is about one proxy"},
		{[]string{"nosuch"}, 2, "", "it has edsz, mesh, syncz"},
		{nil, 2, "", "which page"},
	} {
		args := slices.Concat([]string{"x", "internal-debug"}, c.args, []string{"--plaintext", "--kubeconfig", s.Kubeconfig()})
		got := meshctl(testEnv(t, ""), args...)
		if got.code != c.code || !strings.HasPrefix(got.stdout, c.stdout) || !strings.Contains(got.stderr, c.stderr) {
			t.Errorf("%v: exit code %d\n%s%s", c.args, got.code, got.stdout, got.stderr)
		}
	}
}

func TestZtunnelLogShowsSetsAndRestoresLevels(t *testing.T) {
	var mu sync.Mutex
	level := "info"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method != http.MethodPost || r.URL.Path != "/logging" {
			http.NotFound(w, r)
			return
		}
		query := r.URL.Query()
		switch wanted := query.Get("level"); {
		case query.Has("reset"):
			level = wanted
		case wanted != "":
			level += "," + wanted
		}
		fmt.Fprintf(w, "current log level is %s\n", level)
	}))
	t.Cleanup(server.Close)
	pod := "apiVersion: v1\nkind: Pod\nmetadata: {name: ztunnel-%s, namespace: istio-system, labels: {app: ztunnel}}\nspec: {nodeName: node-%s, containers: [{name: istio-proxy, image: x}]}\nstatus: {phase: Running}\n"
	s := kubetest.NewServer(t, fmt.Sprintf(pod, "a", "a"), fmt.Sprintf(pod, "b", "b"))
	s.Forward("istio-system", "ztunnel-a", 15000, server.URL)
	run := func(args ...string) outcome {
		return meshctl(testEnv(t, ""), append([]string{"zc", "log", "--kubeconfig", s.Kubeconfig()}, args...)...)
	}
	if got := run("--node", "node-a"); got.code != 0 || got.stdout != "ZTUNNEL                  LEVEL\nztunnel-a.istio-system   info\n" {
		t.Errorf("exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	got := run("ztunnel-a", "--level", "access:debug,warning", "--for", "1ms", "-o", "json")
	if got.code != 0 || !strings.Contains(got.stdout, `"level": "info,access=debug,warn"`) || level != "info" {
		t.Errorf("exit code %d, %s\n%s%s", got.code, level, got.stdout, got.stderr)
	}
	if got := run(); got.code != 1 || !strings.Contains(got.stdout, "ztunnel-a") || !strings.Contains(got.stderr, "ztunnel-b") {
		t.Errorf("one that fails hides the other: exit code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	for want, args := range map[string][]string{
		"is no level":                 {"--level", "loud"},
		"no ztunnel found with":       {"nosuch"},
		"on node \"nosuch\"; there":   {"--node", "nosuch"},
		"--reset and --level exclude": {"--reset", "--level", "info"},
	} {
		if got := run(args...); got.code == 0 || !strings.Contains(got.stderr, want) {
			t.Errorf("%v: exit code %d\n%s", args, got.code, got.stderr)
		}
	}
}
