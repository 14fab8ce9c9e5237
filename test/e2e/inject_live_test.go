package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/test/lab"
)

// Pods that istiod's webhook has injected become, uninjected, what they are in
// a namespace without injection.
func TestUninjectOfLivePods(t *testing.T) {
	c, plain := mesh.In(t, "istio-injection=enabled"), mesh.In(t, "istio-injection=disabled")
	c.WaitForInjection()
	for _, each := range []*lab.Case{c, plain} {
		each.Apply(string(workloadsIn(t, each.Namespace, shopFiles(t))))
		each.WaitForRollouts()
	}
	pods, err := c.Client.CoreV1().Pods(c.Namespace).List(c.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := podsByWorkload(t, plain)
	compared := 0
	for i := range pods.Items {
		pod := &pods.Items[i]
		name := pod.Labels["app"]
		if want[name] == nil || pod.DeletionTimestamp != nil || pod.Annotations["sidecar.istio.io/status"] == "" {
			continue
		}
		pod.APIVersion, pod.Kind = "v1", "Pod"
		restored := &corev1.Pod{}
		uninject(t, c, pod, restored)
		compared++
		if restored.Spec.SecurityContext == nil {
			restored.Spec.SecurityContext = &corev1.PodSecurityContext{} // the API server's default
		}
		if diff := cmp.Diff(want[name], comparable(t, restored)); diff != "" {
			t.Errorf("%s without injection (-) and uninjected (+):\n%s", pod.Name, diff)
		}
	}
	if compared < 5 {
		t.Errorf("only %d pods were compared", compared)
	}
}

// A Deployment that was injected by file and deployed is read back from the
// cluster, uninjected and applied: it and its pods are without a proxy again.
func TestUninjectOfALiveDeployment(t *testing.T) {
	c, plain := mesh.In(t, "istio-injection=disabled"), mesh.In(t, "istio-injection=disabled")
	plain.Apply(probedDeployment)
	file := filepath.Join(t.TempDir(), "web.yaml")
	if err := os.WriteFile(file, []byte(probedDeployment), 0o644); err != nil {
		t.Fatal(err)
	}
	c.Apply(mustMeshctl(t, c.Kubeconfig, "inject", "-f", file, "--revision", "default"))
	c.WaitForRollouts()
	if revisionOf(t, c) != "default" {
		t.Fatal("the Deployment's pods have no proxy")
	}

	c.Apply(uninject(t, c, deploymentOf(t, c), &appsv1.Deployment{}))
	c.WaitForRollouts()
	if diff := cmp.Diff(deploymentOf(t, plain).Spec.Template, deploymentOf(t, c).Spec.Template); diff != "" {
		t.Errorf("never injected (-) and uninjected (+):\n%s", diff)
	}
	if revision := revisionOf(t, c); revision != "" {
		t.Errorf("the pods still have the proxy of revision %s", revision)
	}
}

func deploymentOf(t *testing.T, c *lab.Case) *appsv1.Deployment {
	t.Helper()
	deployment, err := c.Client.AppsV1().Deployments(c.Namespace).Get(c.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	deployment.APIVersion, deployment.Kind = "apps/v1", "Deployment"
	deployment.ManagedFields = nil
	return deployment
}

// uninject runs an object through meshctl and reads the result into another.
func uninject(t *testing.T, c *lab.Case, object, into any) string {
	t.Helper()
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "live.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	out := mustMeshctl(t, c.Kubeconfig, "uninject", "-f", file)
	if err := yaml.UnmarshalStrict([]byte(out), into); err != nil {
		t.Fatalf("reading what uninject has written: %v\n%s", err, out)
	}
	return out
}

func shopFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../samples/shop/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	return files
}

// With the configuration in files nothing else is looked at: a kubeconfig that
// is broken does not matter, and the result is the same.
func TestInjectWithConfigurationInFilesIsOffline(t *testing.T) {
	c := mesh.In(t)
	dir := t.TempDir()
	save := func(configMap, key string) string {
		t.Helper()
		object, err := c.Client.CoreV1().ConfigMaps("istio-system").Get(c.Context(), configMap, metav1.GetOptions{})
		if err != nil || object.Data[key] == "" {
			t.Fatalf("reading %s of %s: %v", key, configMap, err)
		}
		file := filepath.Join(dir, key)
		if err := os.WriteFile(file, []byte(object.Data[key]), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	broken := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(broken, []byte("{{ no kubeconfig"), 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"inject", "-f", "../../samples/shop/orders.yaml",
		"--inject-config-file", save("istio-sidecar-injector", "config"),
		"--values-file", save("istio-sidecar-injector", "values"),
		"--mesh-config-file", save("istio", "mesh")}
	for name, more := range map[string][]string{"": nil, "with a revision": {"--revision", "default"}, "embedded data": {"--set", "tag=1.31.1"}} {
		args := append(args, more...)
		if name == "embedded data" {
			args = append(args[:3:3], more...)
		}
		want := mustMeshctl(t, c.Kubeconfig, args...)
		wantIn(t, want, "image: docker.io/istio/proxyv2:1.31.1")
		if got := mustMeshctl(t, broken, args...); got != want {
			t.Errorf("%s: with a broken kubeconfig the result is another:\n%s", name, cmp.Diff(want, got))
		}
	}
	r := runMeshctl(t, broken, "inject", "-f", "../../samples/shop/orders.yaml", "--revision", "default")
	if r.code == 0 || !strings.Contains(r.stderr, "kubeconfig") {
		t.Errorf("a cluster is needed here, but: code %d\n%s", r.code, r.stderr)
	}
}
