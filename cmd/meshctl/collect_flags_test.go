package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCollectFilters(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want []string // pods of which there are answers or logs
	}{
		{"all", nil, []string{"istio-system/istiod-1", "shop/web-1"}},
		{"a namespace", []string{"--include", "shop"}, []string{"shop/web-1"}},
		{"without a pod", []string{"--exclude", "shop//web-*"}, []string{"istio-system/istiod-1"}},
		{"a label", []string{"--include", "///app=istiod"}, []string{"istio-system/istiod-1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name, _ := collectMesh(t, meshServer(t), append(tt.args, "--quick")...)
			list := meshctl(testEnv(t, ""), "snapshot", "list", name, "-o", "name")
			for _, pod := range []string{"istio-system/istiod-1", "shop/web-1"} {
				want := strings.Contains(strings.Join(tt.want, " "), pod)
				if got := strings.Contains(list.stdout, "pods/"+pod+"/"); got != want {
					t.Errorf("pod %s: collected %v, want %v\n%s", pod, got, want, list.stdout)
				}
			}
		})
	}
}

// What istioctl's bug-report takes is taken, or answered with what to do instead.
func TestCollectAnswersTheFlagsOfBugReport(t *testing.T) {
	tests := []struct {
		args    string
		code    int
		stderr  string // "" wants no warning
		without string // an entry that the archive lacks
	}{
		{"--full-secrets", exitUsage, "values of Secrets are never collected", ""},
		{"-f config.yaml", exitUsage, "meshctl config", ""},
		{"--filename config.yaml", exitUsage, "meshctl config", ""},
		{"--full-secrets=false", exitOK, "", ""},
		{"--critical-errs a,b --quick", exitOK, "warning: --critical-errs has no effect", ""},
		{"--ignore-errs=* --quick", exitOK, "warning: --ignore-errs has no effect", ""},
		{"--dir /nonexistent --quick", exitOK, "--output-dir says where", ""},
		{"--skip-cluster-dump --quick", exitOK, "--quick makes it small", ""},
		{"--skip-netstat --skip-coredumps --rq-concurrency 4", exitOK, "", ""},
		{"--skip-analyze", exitOK, "", "views/analysis.json"},
		{"--skip-proxy-debug", exitOK, "", "pods/shop/web-1/15000/server_info"},
		{"--istio-namespace istio-system --include shop,istio-system --exclude kube-system --tail 0 --duration 1h", exitOK, "", ""},
		{"--rq-concurrency 0", exitUsage, "--workers", ""},
		{"--timeout -1s", exitUsage, "--timeout", ""},
		{"--include a/b/c/d=e/f=g/h/i", exitUsage, "--include", ""},
	}
	s := meshServer(t)
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "mesh.tar.zst")
			args := append([]string{"--kubeconfig", s.Kubeconfig(), "bug-report", "-o", name}, strings.Fields(tt.args)...)
			got := meshctl(testEnv(t, ""), args...)
			if got.code != tt.code || !strings.Contains(got.stderr, tt.stderr) || tt.stderr == "" && strings.Contains(got.stderr, "effect") {
				t.Errorf("exit %d: %s", got.code, got.stderr)
			}
			if tt.code != exitOK {
				return
			}
			list := meshctl(testEnv(t, ""), "snapshot", "list", name, "-o", "name").stdout
			for _, entry := range []string{"views/analysis.json", "pods/shop/web-1/15000/server_info"} {
				if has := strings.Contains(list, entry); has == (entry == tt.without) {
					t.Errorf("%s: %v\n%s", entry, has, list)
				}
			}
		})
	}
}

func TestCollectTellsBeforehandWhatItWouldAsk(t *testing.T) {
	s := meshServer(t)
	dir := t.TempDir()
	t.Chdir(dir)
	got := meshctl(testEnv(t, ""), "--kubeconfig", s.Kubeconfig(), "collect", "--dry-run", "-o", "name")
	for _, entry := range []string{"objects/VirtualService.networking.istio.io.jsonl", "pods/shop/web-1/15000/certs", "logs/shop/web-1/istio-proxy.log", "pods/istio-system/istiod-1/15014/debug_syncz"} {
		if !strings.Contains(got.stdout, entry+"\n") {
			t.Errorf("no %s in\n%s", entry, got.stdout)
		}
	}
	table := meshctl(testEnv(t, ""), "--kubeconfig", s.Kubeconfig(), "collect", "--dry-run", "--quick")
	if !strings.Contains(strings.Join(strings.Fields(table.stdout), " "), "objects of kind Pod 1") || !strings.Contains(table.stdout, "pod shop/web-1") {
		t.Errorf("table:\n%s%s", table.stdout, table.stderr)
	}
	if left, _ := os.ReadDir(dir); got.code != exitOK || len(left) > 0 || s.Tunnels() > 0 {
		t.Errorf("exit %d, left %v, %d port-forwards", got.code, left, s.Tunnels())
	}
}

// Proxies with another admin port are asked there, and found in the archive as others.
func TestCollectAsksTheAdminPortThatItIsTold(t *testing.T) {
	s := meshServer(t)
	s.Forward("shop", "web-1", 15099, web(t, says(`{"version": "of port 15099"}`)))
	name, _ := collectMesh(t, s, "--proxy-admin-port", "15099", "--quick")
	if list := meshctl(testEnv(t, ""), "snapshot", "list", name, "-o", "name"); !strings.Contains(list.stdout, "pods/shop/web-1/15000/server_info") {
		t.Errorf("got\n%s", list.stdout)
	}
}

func TestCollectSaysAtOnceWhereItCannotWrite(t *testing.T) {
	s := meshServer(t)
	s.Stop() // nobody is asked
	dir := t.TempDir()
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-o", dir}, exitUsage, "--output-dir"},
		{[]string{"-o", filepath.Join(dir, "absent", "x.tar.zst")}, exitFailed, "there is no folder"},
		{[]string{"--output-dir", filepath.Join(dir, "absent")}, exitFailed, "there is no folder"},
	} {
		got := meshctl(testEnv(t, ""), append([]string{"--kubeconfig", s.Kubeconfig(), "collect"}, tt.args...)...)
		if got.code != tt.code || !strings.Contains(got.stderr, tt.want) {
			t.Errorf("%v: exit %d: %s", tt.args, got.code, got.stderr)
		}
	}
}

func TestCollectWritesIntoAFolder(t *testing.T) {
	s := meshServer(t)
	dir := t.TempDir()
	got := meshctl(testEnv(t, ""), "--kubeconfig", s.Kubeconfig(), "collect", "--quick", "--output-dir", dir)
	want := filepath.Join(dir, "mesh-20261101-120000.tar.zst")
	if _, err := os.Stat(want); err != nil || got.stdout != want+"\n" {
		t.Errorf("%v, stdout %q", err, got.stdout)
	}
}
