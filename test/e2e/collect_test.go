package e2e

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

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

// age is how long ago something was; a moment passes between two commands.
var age = regexp.MustCompile(`\(\d+s\) *`)

// A snapshot stands for the cluster of which it was taken: what commands say
// is byte-equal.
func TestCommandsSayTheSameOfASnapshotAsOfTheCluster(t *testing.T) {
	c := mesh.In(t, "istio-injection=enabled")
	c.WaitForInjection()
	c.Apply(shopWithMistake)
	c.WaitForRollouts()
	archive := filepath.Join(t.TempDir(), "mesh.tar.zst")
	r := runMeshctl(t, c.Kubeconfig, "collect", "-o", archive, "--include", c.Namespace, "--include", "istio-system")
	r.want(t, 0)
	if strings.TrimSpace(r.stdout) != archive {
		t.Errorf("stdout %q", r.stdout)
	}
	failures := mustMeshctl(t, "/nonexistent", "snapshot", "show", archive, "--failures", "-o", "name")
	t.Logf("collected in %s\n%s%s", r.took, r.stderr, failures)

	for _, line := range []string{
		"analyze -n " + c.Namespace,
		"analyze -A -o json",
		"version -o json",
		"dashboard list -o yaml",
		"proxy-status",
		"proxy-config cluster deploy/web -n " + c.Namespace,
		"proxy-config listener deploy/web -o json -n " + c.Namespace,
		"proxy-config route deploy/web -n " + c.Namespace,
		"proxy-config endpoint deploy/web -n " + c.Namespace,
		"proxy-config all deploy/web -n " + c.Namespace,
	} {
		args := strings.Fields(line)
		live := runMeshctl(t, c.Kubeconfig, args...)
		// No kubeconfig: a snapshot needs no cluster.
		replayed := runMeshctl(t, "/nonexistent", append(args, "--from", archive)...)
		live.stdout, replayed.stdout = age.ReplaceAllString(live.stdout, "AGE"), age.ReplaceAllString(replayed.stdout, "AGE")
		if diff := cmp.Diff(live.stdout, replayed.stdout); diff != "" || live.code != replayed.code || live.stderr != replayed.stderr {
			t.Errorf("%s: exit %d and %d, stderr %q and %q\n%s", line, live.code, replayed.code, live.stderr, replayed.stderr, diff)
		}
	}
	same := runMeshctl(t, "/nonexistent", "snapshot", "diff", archive, archive)
	same.want(t, 0)
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
