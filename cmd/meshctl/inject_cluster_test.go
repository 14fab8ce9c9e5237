package main

import (
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

// clusterWith serves a mesh as `meshctl manifest generate` renders it, and
// more objects.
func clusterWith(t *testing.T, meshArgs []string, objects ...string) *kubetest.Server {
	t.Helper()
	mesh := meshctl(testEnv(t, ""), append([]string{"manifest", "generate"}, meshArgs...)...)
	if mesh.code != exitOK {
		t.Fatalf("rendering a mesh: %s", mesh.stderr)
	}
	return kubetest.NewServer(t, append([]string{mesh.stdout}, objects...)...)
}

const shopObjects = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: legacy, labels: {istio.io/rev: gone}}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system}
---
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {nodeInfo: {kubeletVersion: v1.32.9}}
---
apiVersion: v1
kind: Pod
metadata: {name: old, namespace: shop, labels: {app: old}, annotations: {sidecar.istio.io/status: '{"containers":["istio-proxy"],"revision":"default"}'}}
spec: {containers: [{name: app, image: app}, {name: istio-proxy, image: "docker.io/istio/proxyv2:1.30.0"}]}
status: {phase: Running}
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: shop, labels: {app: bare}}
spec: {containers: [{name: app, image: app}]}
status: {phase: Running}
---
apiVersion: v1
kind: Pod
metadata: {name: out, namespace: shop, labels: {sidecar.istio.io/inject: "false"}}
spec: {containers: [{name: app, image: app}]}
status: {phase: Running}
`

func TestInjectWithTheClustersConfiguration(t *testing.T) {
	server := clusterWith(t, []string{"--revision", "canary", "--set", "tag=9.9", "--set", "values.sidecarInjectorWebhook.injectedAnnotations.team=mesh",
		"--set", "values.sidecarInjectorWebhook.neverInjectSelector[0].matchLabels.job=yes"}, shopObjects)
	e := testEnv(t, deploymentYAML+"---\n"+strings.ReplaceAll(strings.ReplaceAll(deploymentYAML, "app: web", "job: \"yes\""), "name: web", "name: batch"))
	got := meshctl(e, "inject", "-f", "-", "-r", "canary", "-c", server.Kubeconfig())
	if got.code != exitOK {
		t.Fatalf("code %d\n%s", got.code, got.stderr)
	}
	for _, want := range []string{"image: docker.io/istio/proxyv2:9.9", "istio.io/rev: canary", "team: mesh"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in:\n%s", want, got.stdout)
		}
	}
	if strings.Contains(got.stdout, "restartPolicy: Always") {
		t.Error("a native sidecar, although a node has Kubernetes 1.32")
	}
	if !strings.Contains(got.stderr, "batch skipped: its labels match neverInjectSelector job=yes") {
		t.Errorf("report:\n%s", got.stderr)
	}
	// istioctl's flags for objects with names of their own
	got = meshctl(testEnv(t, deploymentYAML), "kube-inject", "-f", "-", "--meshConfigMapName", "istio-canary", "--injectConfigMapName", "istio-sidecar-injector-canary",
		"--webhookConfig", "istio-sidecar-injector-canary", "-c", server.Kubeconfig())
	if got.code != exitOK || !strings.Contains(got.stdout, "image: docker.io/istio/proxyv2:9.9") || !strings.Contains(got.stdout, "istio.io/rev: canary") {
		t.Errorf("by the names of objects: code %d, %s", got.code, got.stderr)
	}
	for _, args := range [][]string{{"--mesh-config-map-name", "nosuch", "-r", "canary"}, {"--webhook-config", "nosuch"}} {
		got = meshctl(testEnv(t, deploymentYAML), append([]string{"inject", "-f", "-", "-c", server.Kubeconfig()}, args...)...)
		if got.code == exitOK || !strings.Contains(got.stderr, "nosuch") || got.stdout != "" {
			t.Errorf("%v: code %d, %s", args, got.code, got.stderr)
		}
	}
	got = meshctl(testEnv(t, deploymentYAML), "inject", "-f", "-", "-r", "absent", "-c", server.Kubeconfig())
	if got.code == exitOK || !strings.Contains(got.stderr, "revision absent") || got.stdout != "" {
		t.Errorf("a revision that is not there: code %d, %s", got.code, got.stderr)
	}
}

func TestInjectTakesNoObjectsOfAClusterBesideFiles(t *testing.T) {
	got := meshctl(testEnv(t, deploymentYAML), "inject", "-f", "-", "--mesh-config-map-name", "istio", "--set", "tag=1")
	if got.code != exitUsage || !strings.Contains(got.stderr, "--mesh-config-map-name") {
		t.Errorf("code %d, %s", got.code, got.stderr)
	}
}

func TestCheckInject(t *testing.T) {
	server := clusterWith(t, nil, shopObjects)
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"bare", "-n", "shop"}, exitOK, "namespace label istio-injection=enabled asks for it"},
		{[]string{"bare", "-n", "shop"}, exitOK, "restart it"},
		{[]string{"out.shop"}, exitOK, "pod label sidecar.istio.io/inject=false turns injection off"},
		{[]string{"namespace/legacy"}, exitOK, "the namespace belongs to revision or tag gone"},
		{[]string{"-n", "kube-system", "-l", "sidecar.istio.io/inject=true"}, exitOK, "belongs to Kubernetes itself"},
		{[]string{"bare", "-n", "shop", "-o", "json"}, exitOK, `"inject": true`},
		{[]string{"bare", "-n", "shop", "-o", "wide"}, exitOK, "policy: enabled"},
		{[]string{}, exitUsage, ""},
		{[]string{"bare", "-l", "a=b"}, exitUsage, ""},
		{[]string{"-l", "a b"}, exitUsage, ""},
	} {
		got := meshctl(testEnv(t, ""), append([]string{"check-inject", "-c", server.Kubeconfig()}, tt.args...)...)
		if got.code != tt.code || !strings.Contains(got.stdout, tt.want) {
			t.Errorf("%v: code %d, want %d and %q in:\n%s%s", tt.args, got.code, tt.code, tt.want, got.stdout, got.stderr)
		}
	}
}

func TestInjectorList(t *testing.T) {
	server := clusterWith(t, nil, shopObjects)
	got := meshctl(testEnv(t, ""), "injector", "list", "-c", server.Kubeconfig())
	want := `NAMESPACE   ISTIO-REVISION   POD-REVISIONS                            PROXY-VERSIONS   NEEDS-RESTART
legacy      MISSING/gone     <no pods>
shop        default          <non-Istio>: 2 (injection disabled: 1)                    1
shop        default          default: 1                               1.30.0: 1        1

NAMESPACES   INJECTOR-HOOK            ISTIO-REVISION   SIDECAR-IMAGE
shop         istio-sidecar-injector   default          docker.io/istio/proxyv2:1.31.1
`
	if got.code != exitOK || got.stdout != want {
		t.Errorf("code %d, stderr %s\ngot:\n%s\nwant:\n%s", got.code, got.stderr, got.stdout, want)
	}
	got = meshctl(testEnv(t, ""), "injector", "list", "-c", server.Kubeconfig(), "-n", "legacy", "-o", "json")
	if got.code != exitOK || strings.Contains(got.stdout, `"shop"`) || strings.Contains(got.stdout, "null") {
		t.Errorf("code %d\n%s", got.code, got.stdout)
	}
}

func TestInjectEnableAndDisable(t *testing.T) {
	server := clusterWith(t, nil, shopObjects)
	config := server.Kubeconfig()
	got := meshctl(testEnv(t, ""), "inject", "disable", "shop", "--dry-run", "-c", config)
	if got.code != exitOK || got.stdout != "namespace/shop would be labelled\npod/old needs a restart\n" {
		t.Errorf("disable: code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	got = meshctl(testEnv(t, ""), "inject", "enable", "shop", "-c", config)
	if got.code != exitOK || !strings.HasPrefix(got.stdout, "namespace/shop unchanged\n") || !strings.Contains(got.stdout, "pod/bare needs a restart\n") {
		t.Errorf("enable: code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	server = clusterWith(t, []string{"--revision", "canary"}, shopObjects)
	got = meshctl(testEnv(t, ""), "inject", "enable", "shop", "-r", "canary", "--dry-run", "-c", server.Kubeconfig())
	if got.code != exitOK || !strings.HasPrefix(got.stdout, "namespace/shop would be labelled\n") {
		t.Errorf("enable for a revision: code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	for _, args := range [][]string{{"enable", "legacy", "-r", "nobody"}, {"enable", "absent"}, {"enable", "kube-system"}} {
		if got := meshctl(testEnv(t, ""), append([]string{"inject", "-c", config}, args...)...); got.code != exitFailed || got.stderr == "" {
			t.Errorf("%v: code %d, %s", args, got.code, got.stderr)
		}
	}
}

func TestCheckInjectOfFiles(t *testing.T) {
	mesh := meshctl(testEnv(t, ""), "manifest", "generate")
	file := writeTestFile(t, "all.yaml", mesh.stdout+"\n---"+shopObjects)
	got := meshctl(testEnv(t, ""), "check-inject", "-f", file, "-o", "name")
	if got.code != exitOK || !strings.Contains(got.stdout, "shop/bare\n") || strings.Contains(got.stdout, "shop/out") {
		t.Errorf("code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	for labels, want := range map[string]string{
		"app=web": "shop: would be injected\n", "sidecar.istio.io/inject=false": "shop: would not be injected\n",
	} {
		got := meshctl(testEnv(t, ""), "check-inject", "-f", file, "-n", "shop", "-l", labels)
		if got.code != exitOK || !strings.HasSuffix(got.stdout, want) || strings.Contains(got.stdout, "bare") {
			t.Errorf("files and labels %s: code %d\n%s%s", labels, got.code, got.stdout, got.stderr)
		}
	}
	got = meshctl(testEnv(t, mesh.stdout+"\n---\n"+strings.ReplaceAll(deploymentYAML, "  namespace: shop\n", "")+"---"+shopObjects), "check-inject", "-f", "-", "-n", "legacy")
	if !strings.Contains(got.stdout, "legacy/web: would not be injected\n") {
		t.Errorf("without a namespace of its own: code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	if got := meshctl(testEnv(t, ""), "check-inject", "-f", file, "web"); got.code != exitUsage {
		t.Errorf("files and a name: code %d", got.code)
	}
	server := clusterWith(t, nil, shopObjects)
	got = meshctl(testEnv(t, deploymentYAML), "check-inject", "-f", "-", "-c", server.Kubeconfig())
	if got.code != exitOK || !strings.Contains(got.stdout, "shop/web: would be injected\n") {
		t.Errorf("code %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

func TestInjectFromASnapshot(t *testing.T) {
	server := clusterWith(t, []string{"--set", "tag=9.9"}, shopObjects)
	archive := t.TempDir() + "/mesh.tar.zst"
	if got := meshctl(testEnv(t, ""), "collect", "-c", server.Kubeconfig(), "--quick", "-o", archive); got.code != exitOK {
		t.Fatalf("collecting: code %d, %s", got.code, got.stderr)
	}
	got := meshctl(testEnv(t, deploymentYAML), "inject", "-f", "-", "--from", archive)
	if got.code != exitOK || !strings.Contains(got.stdout, "proxyv2:9.9") {
		t.Errorf("code %d\n%s", got.code, got.stderr)
	}
}

const idleDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: idle, namespace: shop}
spec:
  replicas: 0
  selector: {matchLabels: {app: idle}}
  template:
    metadata: {labels: {app: idle}, annotations: {inject.istio.io/templates: "sidecar,custom", sidecar.istio.io/nativeSidecar: "true"}}
    spec: {containers: [{name: app, image: app}]}
`

func TestInjectExplainsWhatIsInTheCluster(t *testing.T) {
	server := clusterWith(t, nil, shopObjects, idleDeployment)
	explain := func(args ...string) string {
		t.Helper()
		got := meshctl(testEnv(t, ""), append([]string{"inject", "--explain", "-c", server.Kubeconfig()}, args...)...)
		if got.code != exitOK {
			t.Fatalf("%v: code %d\n%s", args, got.code, got.stderr)
		}
		return got.stdout
	}
	want := `test: Pod shop/bare
  webhook istio-sidecar-injector sees it: namespace label istio-injection=enabled asks for it
  host network: false
  namespace: shop
  namespace label istio-injection: enabled
  namespace label istio.io/rev: not set
  annotation sidecar.istio.io/inject: not set
  neverInjectSelector: none in the configuration
  alwaysInjectSelector: none in the configuration
  policy: enabled
  templates: sidecar (the configuration's default)
  native sidecar: false (the configuration's default)
  note: it has no proxy yet: it was created before injection was turned on; restart it
  => would be injected by revision default
`
	if got := explain("bare.shop"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if got := explain("out", "-n", "shop"); !strings.Contains(got, "does not see it: pod label sidecar.istio.io/inject=false turns injection off\n") || !strings.HasSuffix(got, "  => would not be injected\n") {
		t.Errorf("of a pod that opts out:\n%s", got)
	}
	// A workload without pods: its template is explained.
	got := explain("deploy/idle", "-n", "shop")
	for _, want := range []string{"Pod shop/idle\n", "templates: sidecar, custom (annotation inject.istio.io/templates)", "native sidecar: true (annotation sidecar.istio.io/nativeSidecar)", "=> would be injected"} {
		if !strings.Contains(got, want) {
			t.Errorf("of a workload without pods: no %q in:\n%s", want, got)
		}
	}
	if got := explain("bare.shop", "--report", "json"); !strings.Contains(got, `"inject": true`) || !strings.Contains(got, `"check": "policy"`) {
		t.Errorf("as JSON:\n%s", got)
	}
	for _, args := range [][]string{{"absent", "-n", "shop"}, {"deploy/absent", "-n", "shop"}} {
		if got := meshctl(testEnv(t, ""), append([]string{"inject", "--explain", "-c", server.Kubeconfig()}, args...)...); got.code != exitFailed || !strings.Contains(got.stderr, "no pod found") {
			t.Errorf("%v: code %d, %s", args, got.code, got.stderr)
		}
	}
	for _, args := range [][]string{{"bare", "--check"}, {"bare", "--revision", "x"}, {"bare", "other"}} {
		if got := meshctl(testEnv(t, ""), append([]string{"inject", "--explain"}, args...)...); got.code != exitUsage {
			t.Errorf("%v: code %d, %s", args, got.code, got.stderr)
		}
	}
}
