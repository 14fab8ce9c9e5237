package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/meshctl/meshctl/pkg/snapshot"
)

// hostileArchive is a snapshot whose entries hold what no cluster would say.
func hostileArchive(t *testing.T, objects, answers string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "hostile.tar.zst")
	w, err := snapshot.Create(name, snapshot.Index{Created: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	kinds := []snapshot.Kind{
		{Version: "v1", Kind: "Pod", Resource: "pods", Namespaced: true},
		{Version: "v1", Kind: "Namespace", Resource: "namespaces"},
		{Version: "v1", Kind: "Service", Resource: "services", Namespaced: true},
		{Version: "v1", Kind: "ConfigMap", Resource: "configmaps", Namespaced: true},
		{Version: "v1", Kind: "Secret", Resource: "secrets", Namespaced: true},
		{Group: "apps", Version: "v1", Kind: "Deployment", Resource: "deployments", Namespaced: true},
		{Group: "networking.istio.io", Version: "v1", Kind: "VirtualService", Resource: "virtualservices", Namespaced: true},
		{Group: "security.istio.io", Version: "v1", Kind: "AuthorizationPolicy", Resource: "authorizationpolicies", Namespaced: true},
		{Group: "admissionregistration.k8s.io", Version: "v1", Kind: "MutatingWebhookConfiguration", Resource: "mutatingwebhookconfigurations"},
		{Group: "../..", Version: "..", Kind: "../../evil", Resource: "../evil"},
	}
	add := func(path, text string) {
		spool, err := w.Spool()
		if err != nil {
			t.Fatal(err)
		}
		defer spool.Close()
		if _, err := spool.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Add(path, spool, 1); err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range kinds {
		w.AddKind(k)
		add(snapshot.ObjectsPath(k), strings.NewReplacer("KIND", k.Kind, "GROUP/", strings.TrimPrefix(k.Group+"/", "/")).Replace(objects))
	}
	for _, path := range []string{"config_dump@include_eds", "clusters@format=json", "server_info", "certs", "listeners@format=json", "clusters", "stats", "stats_prometheus"} {
		add("pods/shop/web-1/15000/"+path, answers)
	}
	for _, path := range []string{"version", "debug_syncz", "debug_configz", "debug_registryz", "debug_config_dump@proxyID=web-1.shop"} {
		add("pods/istio-system/istiod-1/15014/"+path, answers)
	}
	add("../../evil", answers)
	add("/evil", answers)
	if _, err := w.Finish(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	return name
}

// readers are the command lines of all commands that can look into a snapshot.
func readers(root *cobra.Command) [][]string {
	var lines [][]string
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		path := strings.Fields(c.CommandPath())[1:]
		switch {
		case c.HasSubCommands():
			for _, sub := range c.Commands() {
				if sub.Name() != "help" && sub.Name() != "completion" {
					walk(sub)
				}
			}
		case c.Name() != "collect": // which writes an archive, as it was told
			lines = append(lines, path)
		}
	}
	walk(root)
	return lines
}

// No archive, whatever is in it, makes a command panic, hang, or write a file.
func TestHostileSnapshotsDoNoHarmToAnyCommand(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	const pods = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1","namespace":"shop","labels":{"app":"web"}},"spec":{"containers":[{"name":"istio-proxy"}]},"status":{"phase":"Running"}}
{"apiVersion":"v1","kind":"Pod","metadata":{"name":"istiod-1","namespace":"istio-system","labels":{"app":"istiod"}},"spec":{"containers":[{"name":"discovery"}]},"status":{"phase":"Running"}}
`
	contents := map[string]struct{ objects, answers string }{
		"no JSON": {"\x00\xff{{{", "\x00\xff{{{"},
		"numbers": {strings.Repeat(`{"apiVersion":"GROUP/v1","kind":"KIND","metadata":{"name":"a","namespace":"../..","labels":5},"spec":7,"status":[]}`+"\n", 3), "5"},
		"nonsense": {
			pods + `{"apiVersion":"GROUP/v1","kind":"KIND","metadata":{"name":"a","namespace":"shop","annotations":{"a":"\u001b[2J"}},"spec":null,"data":null,"webhooks":null}` + "\n",
			`{"configs":[{"@type":"type.googleapis.com/envoy.admin.v3.ClustersConfigDump","dynamic_active_clusters":[{"cluster":{"name":"\u001b[2J","type":5}}]}]}`,
		},
	}
	lines := readers(newRootCmd(testEnv(t, ""), "meshctl"))
	if len(lines) < 50 {
		t.Fatalf("%d command lines", len(lines))
	}
	for name, content := range contents {
		archive := hostileArchive(t, content.objects, content.answers)
		for _, line := range lines {
			got := meshctl(testEnv(t, ""), append(line, "web-1.shop", "--from", archive, "--timeout", "5s")...)
			if got.code == exitUsage { // it takes no argument, or more than this one
				got = meshctl(testEnv(t, ""), append(line, "--from", archive, "--timeout", "5s")...)
			}
			if got.code < exitOK || got.code > exitCluster || strings.Contains(got.stderr, "panic") || strings.Contains(got.stderr, "goroutine ") {
				t.Errorf("%s: %v: exit %d\n%.500s", name, line, got.code, got.stderr)
			}
			if strings.Contains(got.stdout+got.stderr, "\x1b[2J") {
				t.Errorf("%s: %v: an archive speaks to the terminal", name, line)
			}
			if strings.Contains(got.stderr, errDeadline.Error()) {
				t.Errorf("%s: %v: hangs: %s", name, line, got.stderr)
			}
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// An archive that was cut off, is of somebody else or of a later version is told
// from one without problems by every command that would read it, and by exit code.
func TestBrokenSnapshotsAreRefusedByEveryReader(t *testing.T) {
	t.Chdir(t.TempDir())
	whole, err := os.ReadFile(hostileArchive(t, "{}\n", "{}"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(data []byte) string {
		name := filepath.Join(t.TempDir(), "broken.tar.zst")
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for _, broken := range []struct{ name, archive, want string }{
		{"cut off", write(whole[:len(whole)-100]), "cut off or damaged"},
		{"another file", write([]byte("PK\x03\x04 a zip file")), "no snapshot of meshctl"},
		{"empty", write(nil), "no snapshot of meshctl"},
		{"damaged", write(bytes.Replace(whole, whole[len(whole)-200:len(whole)-150], make([]byte, 50), 1)), "table of contents"},
		{"absent", filepath.Join(t.TempDir(), "absent"), "no such file"},
	} {
		for _, line := range []string{
			"analyze -A", "proxy-config cluster web-1.shop", "proxy-config diff web-1.shop web-1.shop", "proxy-config trace web-1.shop --url http://a/",
			"proxy-status", "proxy-status web-1.shop", "version", "check", "dashboard list", "tag list", "metrics -A", "authz check web-1.shop", "internal-debug syncz", "envoy-stats web-1.shop", "collect",
		} {
			got := meshctl(testEnv(t, ""), append(strings.Fields(line), "--from", broken.archive)...)
			if got.code != exitFailed || !strings.Contains(got.stderr, broken.want) || !strings.Contains(got.stderr, broken.archive) {
				t.Errorf("%s: %s: exit %d: %s%.200s", broken.name, line, got.code, got.stderr, got.stdout)
			}
		}
	}
}
