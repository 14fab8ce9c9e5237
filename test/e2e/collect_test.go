package e2e

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const shopWithMistake = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, version: v1}}
    spec: {containers: [{name: web, image: web, env: [{name: PASSWORD, value: hunter2}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec: {hosts: [web], http: [{route: [{destination: {host: absent}}]}]}
`

// age is how long ago something was, with the blanks that make columns of it. The
// time of a snapshot is that of its end, a moment before or after that of the live
// command; nothing else differs.
var (
	age    = regexp.MustCompile(`\((\d+[smh])+\)`)
	blanks = regexp.MustCompile(`  +`)
)

func withoutAges(text string) string {
	if !age.MatchString(text) {
		return text
	}
	return blanks.ReplaceAllString(age.ReplaceAllString(text, "  "), "  ")
}

// readingCommands are the commands that read a cluster. Left out are precheck,
// whose permissions are those of the user who asks, and pages of istiod that are
// never twice in the same order, as /debug/configz. WEB is a Deployment and
// ONE and TWO are its pods; FILE holds it.
const readingCommands = `
analyze -n NS
analyze -A
analyze -A -o json
analyze -A -o sarif
version
version -o json
dashboard list -o yaml
check
check -o json
proxy-status
proxy-status -o wide
proxy-status -o json
proxy-status WEB
proxy-status ONE -o json
proxy-config cluster WEB
proxy-config cluster ONE -o json
proxy-config listener WEB
proxy-config listener WEB -o json
proxy-config route WEB
proxy-config route WEB -o yaml
proxy-config endpoint WEB
proxy-config endpoint WEB -o json
proxy-config bootstrap WEB
proxy-config secret WEB
proxy-config ecds WEB
proxy-config all WEB
proxy-config all WEB -o json
proxy-config rootca-compare ONE TWO
proxy-config diff WEB
proxy-config diff ONE TWO
proxy-config diff ONE TWO -o json
proxy-config diff istiod:WEB WEB
proxy-config diff ONE deploy/istio-ingressgateway.istio-system
proxy-config trace WEB --url http://web/
proxy-config trace WEB --url http://web/x --to WEB
proxy-config trace WEB --url http://web/ -o json
proxy-config trace WEB --url http://nowhere/
internal-debug registryz
internal-debug mesh
tag list
injector list
check-inject ONE
check-inject WEB
check-inject WEB -o json
check-inject namespace/NS
check-inject -n NS -l sidecar.istio.io/inject=false
inject --explain ONE
inject --explain WEB
inject --explain WEB --report json
inject -f FILE -r default
inject -f FILE -r default --explain
authz check ONE
`

// A snapshot stands for the cluster of which it was taken: what commands say
// is byte-equal.
func TestCommandsSayTheSameOfASnapshotAsOfTheCluster(t *testing.T) {
	c := mesh.In(t, "istio-injection=enabled")
	c.WaitForInjection()
	c.Apply(shopWithMistake)
	c.WaitForRollouts()
	waitQuiet(t, c)
	pods, err := c.Client.CoreV1().Pods(c.Namespace).List(c.Context(), metav1.ListOptions{LabelSelector: "app=web"})
	if err != nil || len(pods.Items) != 2 {
		t.Fatalf("%d pods, %v", len(pods.Items), err)
	}
	archive := filepath.Join(t.TempDir(), "mesh.tar.zst")
	r := runMeshctl(t, c.Kubeconfig, "collect", "-o", archive)
	r.want(t, 0)
	if strings.TrimSpace(r.stdout) != archive {
		t.Errorf("stdout %q", r.stdout)
	}
	failures := mustMeshctl(t, "/nonexistent", "snapshot", "show", archive, "--failures", "-o", "name")
	t.Logf("collected in %s\n%s%s", r.took, r.stderr, failures)

	file := filepath.Join(t.TempDir(), "shop.yaml")
	if err := os.WriteFile(file, []byte(shopWithMistake), 0o644); err != nil {
		t.Fatal(err)
	}
	names := strings.NewReplacer("FILE", file, "WEB", "deploy/web."+c.Namespace, "ONE", pods.Items[0].Name+"."+c.Namespace, "TWO", pods.Items[1].Name+"."+c.Namespace, "NS", c.Namespace)
	for line := range strings.Lines(strings.TrimSpace(readingCommands)) {
		args := strings.Fields(names.Replace(line))
		live := runMeshctl(t, c.Kubeconfig, args...)
		if live.code != 0 && live.code != 3 {
			t.Errorf("%s: exit %d: %s", strings.TrimSpace(line), live.code, live.stderr)
			continue
		}
		// No kubeconfig: a snapshot needs no cluster.
		replayed := runMeshctl(t, "/nonexistent", append(args, "--from", archive)...)
		live.stdout, replayed.stdout = withoutAges(live.stdout), withoutAges(replayed.stdout)
		if diff := cmp.Diff(live.stdout, replayed.stdout); diff != "" || live.code != replayed.code || live.stderr != replayed.stderr {
			t.Errorf("%s: exit %d and %d, stderr %q and %q\n%.3000s", strings.TrimSpace(line), live.code, replayed.code, live.stderr, replayed.stderr, diff)
		}
	}
	same := runMeshctl(t, "/nonexistent", "snapshot", "diff", archive, archive)
	same.want(t, 0)
}

// An istiod whose debug pages are to be had over TLS only is asked as proxy-status
// asks it, and readers find the answers where those of others are.
func TestCollectAsksAnIstiodThatServesItsPagesOverTLSOnly(t *testing.T) {
	c, _ := sidecar(t)
	pods, err := c.Client.CoreV1().Pods("istio-system").List(c.Context(), metav1.ListOptions{LabelSelector: "app=istiod"})
	if err != nil || len(pods.Items) != 1 {
		t.Fatalf("want one istiod, found %d: %v", len(pods.Items), err)
	}
	istiod := pods.Items[0].Name
	plain := c.Lab.Mapped("istio-system", istiod, 15014)
	remap := func(ctx context.Context, to string) {
		if err := c.Lab.MapPort(ctx, "istio-system", istiod, 15014, to); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		ctx, cancel := withoutTest(time.Minute)
		defer cancel()
		remap(ctx, plain)
	})
	remap(c.Context(), "127.0.0.1:1") // where nobody listens
	archive := filepath.Join(t.TempDir(), "mesh.tar.zst")
	runMeshctl(t, c.Kubeconfig, "collect", "-o", archive, "--include", c.Namespace, "--include", "istio-system").want(t, 0)
	web := c.Pod("app=web")
	list := mustMeshctl(t, "/nonexistent", "snapshot", "list", archive, "-o", "name")
	for _, page := range []string{"debug_syncz", "debug_configz", "debug_config_dump@proxyID=" + web + "." + c.Namespace} {
		if !strings.Contains(list, "pods/istio-system/"+istiod+"/15014/"+page+"\n") {
			t.Errorf("no %s in\n%s", page, list)
		}
	}
	if out := mustMeshctl(t, "/nonexistent", "proxy-status", "--from", archive); !strings.Contains(out, web) {
		t.Errorf("proxy-status without %s:\n%s", web, out)
	}
	failures := mustMeshctl(t, "/nonexistent", "snapshot", "show", archive, "--failures")
	if !strings.Contains(failures, "/version") || strings.Contains(failures, "/debug/syncz") {
		t.Errorf("failures:\n%s", failures)
	}
}

// What fails is named in the archive; the rest of it is whole.
func TestCollectKeepsWhatItGetsWhenProxiesFail(t *testing.T) {
	c := mesh.In(t, "istio-injection=enabled")
	c.WaitForInjection()
	c.Apply(strings.Replace(shopWithMistake, "replicas: 2", "replicas: 10", 1))
	c.WaitForRollouts()
	pods, err := c.Client.CoreV1().Pods(c.Namespace).List(c.Context(), metav1.ListOptions{LabelSelector: "app=web"})
	if err != nil || len(pods.Items) != 10 {
		t.Fatalf("%d pods, %v", len(pods.Items), err)
	}
	broken := pods.Items[3].Name
	c.Envoy(broken).CloseAdmin()
	archive := filepath.Join(t.TempDir(), "mesh.tar.zst")
	r := runMeshctl(t, c.Kubeconfig, "collect", "-o", archive, "--quick", "--include", c.Namespace)
	r.want(t, 0)
	if !strings.Contains(r.stderr, " 9 proxies") {
		t.Errorf("stderr:\n%s", r.stderr)
	}
	failures := mustMeshctl(t, "/nonexistent", "snapshot", "show", archive, "--failures")
	if !strings.Contains(failures, "pod "+c.Namespace+"/"+broken) {
		t.Errorf("failures:\n%s", failures)
	}
}
