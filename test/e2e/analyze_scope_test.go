package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const routeToNowhere = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: NAME, labels: {LABELS}}
spec: {hosts: [NAME.example.com], http: [{route: [{destination: {host: absent}}]}]}
`

func TestAnalyzeOfARevisionLeavesOthersOut(t *testing.T) {
	c := mesh.In(t)
	for name, labels := range map[string]string{"all": "", "stable": "istio.io/rev: stable", "canary": "istio.io/rev: canary"} {
		c.Apply(strings.NewReplacer("NAME", name, "LABELS", labels).Replace(routeToNowhere))
	}
	for args, want := range map[string]string{
		"":                  "all canary stable",
		"--revision canary": "all canary",
		"--revision stable": "all stable",
		"--revision other":  "all",
	} {
		r := runMeshctl(t, c.Kubeconfig, append([]string{"analyze", "-n", c.Namespace, "-o", "json"}, strings.Fields(args)...)...)
		var names []string
		for _, v := range verdicts(t, r) {
			if v.Code == "IST0101" {
				names = append(names, v.Origin[strings.LastIndex(v.Origin, "/")+1:])
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%q: findings about %s, want %s", args, got, want)
		}
	}
}

func TestAnalyzeLeavesOutWhatDiscoverySelectorsDo(t *testing.T) {
	inside, outside := mesh.In(t, "team=mesh"), mesh.In(t)
	for _, c := range []interface{ Apply(string) }{inside, outside} {
		c.Apply(strings.NewReplacer("NAME", "web", "LABELS", "").Replace(routeToNowhere))
	}
	outside.Apply("{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {ports: [{name: http, port: 80}]}}")
	inside.Apply(`{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: db}, spec: {hosts: [db.example.com],
  http: [{route: [{destination: {host: db.` + outside.Namespace + `.svc.cluster.local}}]}]}}`)
	config := filepath.Join(t.TempDir(), "mesh.yaml")
	if err := os.WriteFile(config, []byte("discoverySelectors: [{matchLabels: {team: mesh}}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	about := func(args ...string) map[string]bool {
		found := map[string]bool{}
		r := runMeshctl(t, inside.Kubeconfig, append([]string{"analyze", "-A", "-o", "json"}, args...)...)
		for _, v := range verdicts(t, r) {
			found[v.Origin] = found[v.Origin] || v.Code == "IST0101"
		}
		return found
	}
	for _, tt := range []struct {
		origin      string
		all, chosen bool
	}{
		{"VirtualService " + inside.Namespace + "/web", true, true},
		{"VirtualService " + outside.Namespace + "/web", true, false},
		{"VirtualService " + inside.Namespace + "/db", false, true}, // istiod does not know the Service
	} {
		if got := about()[tt.origin]; got != tt.all {
			t.Errorf("%s without selectors: %v", tt.origin, got)
		}
		if got := about("--mesh-config-file", config)[tt.origin]; got != tt.chosen {
			t.Errorf("%s with selectors: %v", tt.origin, got)
		}
	}
}
