package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/google/go-cmp/cmp"
)

// What was installed can be saved, installed again without a change, and
// changed in one setting: the two steps of an operator who has lost the file.
func TestSavedStateOfACluster(t *testing.T) {
	l := freshLab(t)
	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal",
		"--set", "meshConfig.accessLogFile=/dev/stdout", "--set", "components.pilot.k8s.resources.requests.cpu=11m")
	file := filepath.Join(t.TempDir(), "installed-state.yaml")
	save := func() string {
		state := mustMeshctl(t, l.Kubeconfig, "manifest", "export")
		if err := os.WriteFile(file, []byte(state), 0o644); err != nil {
			t.Fatal(err)
		}
		return state
	}
	first := save()
	if changes := planned(t, l.Kubeconfig, "-f", file); len(changes) > 0 {
		t.Errorf("installing the saved state would change %+v\n%s", changes, first)
	}
	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "-f", file, "--set", "meshConfig.outboundTrafficPolicy.mode=REGISTRY_ONLY")
	second := save()
	for _, setting := range []string{"accessLogFile: /dev/stdout", "mode: REGISTRY_ONLY", "cpu: 11m", "profile: minimal"} {
		if !strings.Contains(second, setting) {
			t.Errorf("the saved state has lost %q:\n%s", setting, second)
		}
	}
	if changes := planned(t, l.Kubeconfig, "-f", file); len(changes) > 0 {
		t.Errorf("after the change, installing the saved state would change %+v", changes)
	}

	// Without the record the state is put together from what the cluster shows.
	if err := l.Client.CoreV1().ConfigMaps("istio-system").Delete(t.Context(), "istio-installed-state", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	r := runMeshctl(t, l.Kubeconfig, "manifest", "export")
	r.want(t, 0)
	if !strings.Contains(r.stderr, "put together from ConfigMap istio-system/values") {
		t.Errorf("it is not told that there is no record:\n%s", r.stderr)
	}
	save()
	var changed []string
	for _, c := range planned(t, l.Kubeconfig, "-f", file) {
		changed = append(changed, c.Action+" "+c.Kind+" "+c.Name)
	}
	if diff := cmp.Diff([]string{"create ConfigMap istio-installed-state"}, changed); diff != "" {
		t.Errorf("installing the derived state (-want +got):\n%s", diff)
	}
	mustMeshctl(t, l.Kubeconfig, "uninstall", "--purge", "--include-crds", "--yes")
	runMeshctl(t, l.Kubeconfig, "manifest", "export").want(t, 2)
}

// The namespace goes with the mesh if meshctl has made it and nobody else uses
// it; else the reason is told.
func TestUninstallRemovesItsNamespace(t *testing.T) {
	l := freshLab(t)
	namespaces := l.Client.CoreV1().Namespaces()
	gone := func() bool {
		t.Helper()
		_, err := namespaces.Get(t.Context(), "istio-system", metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			t.Fatal(err)
		}
		return err != nil
	}
	uninstall := []string{"uninstall", "--purge", "--include-crds", "--yes"}
	dropNamespace(t, l) // another story may have left it

	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal")
	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal", "--set", "values.global.network=net") // touches the namespace
	mine := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "mine", Namespace: "istio-system"}}
	if _, err := l.Client.CoreV1().Secrets("istio-system").Create(t.Context(), mine, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	r := runMeshctl(t, l.Kubeconfig, uninstall...)
	r.want(t, 0)
	if gone() || !strings.Contains(r.stderr, "namespace istio-system stays: it holds Secret istio-system/mine\n") {
		t.Fatalf("the namespace with somebody's Secret (gone: %v):\n%s", gone(), r.stderr)
	}
	if err := l.Client.CoreV1().Secrets("istio-system").Delete(t.Context(), "mine", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	mustMeshctl(t, l.Kubeconfig, uninstall...)
	if !gone() {
		t.Error("the empty namespace that meshctl has made is still there")
	}

	own := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "istio-system"}}
	if _, err := namespaces.Create(t.Context(), own, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal")
	r = runMeshctl(t, l.Kubeconfig, uninstall...)
	r.want(t, 0)
	if gone() || !strings.Contains(r.stderr, "meshctl install did not make it") {
		t.Fatalf("the user's own namespace (gone: %v):\n%s", gone(), r.stderr)
	}
	if err := namespaces.Delete(t.Context(), "istio-system", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the namespace to be gone", func() error {
		if !gone() {
			return os.ErrExist
		}
		return nil
	})
}
