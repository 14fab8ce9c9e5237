package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/test/lab"
)

// asIstioctl gives rendered manifests the labels with which istioctl 1.31 applies
// them.
func asIstioctl(t *testing.T, manifests string) string {
	t.Helper()
	objects, err := lab.ParseYAML([]byte(manifests))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, o := range objects {
		component := "Pilot"
		if o.GetKind() == "CustomResourceDefinition" || strings.Contains(o.GetName(), "reader-service-account") {
			component = "Base"
		}
		labels := o.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		for key, value := range map[string]string{
			"operator.istio.io/managed": "Reconcile", "operator.istio.io/version": "1.31.1", "operator.istio.io/component": component,
			"install.operator.istio.io/owning-resource-namespace": "istio-system", "istio.io/rev": "default",
		} {
			labels[key] = value
		}
		o.SetLabels(labels)
		data, err := yaml.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString("---\n" + string(data))
	}
	return out.String()
}

// A mesh that istioctl has installed is carried on by meshctl, and the other way
// round.
func TestTakeoverFromIstioctlAndBack(t *testing.T) {
	l := freshLab(t)
	defer dropNamespace(t, l)
	generate := func(cpu string) string {
		return asIstioctl(t, mustMeshctl(t, l.Kubeconfig, "manifest", "generate", "--profile", "minimal", "--set", "values.pilot.resources.requests.cpu="+cpu))
	}
	applyAs(t, l, "istio-operator", generate("11m"))

	// What is there can be read, and installed as it is without a conflict.
	file := filepath.Join(t.TempDir(), "state.yaml")
	if err := os.WriteFile(file, []byte(mustMeshctl(t, l.Kubeconfig, "manifest", "export")), 0o644); err != nil {
		t.Fatal(err)
	}
	if changes := planned(t, l.Kubeconfig, "-f", file); len(changes) != 1 || changes[0].Name != "istio-installed-state" {
		t.Errorf("installing what is there would change %+v", changes)
	}

	// Something else is a conflict, which names the manager and the field.
	minimal := []string{"install", "--yes", "--profile", "minimal"}
	r := runMeshctl(t, l.Kubeconfig, minimal...)
	r.want(t, 1)
	for _, told := range []string{"held by other managers", "\n  istio-operator\n    ConfigMap", `Deployment istio-system/istiod: spec.template.spec.containers[name="discovery"].resources.requests.cpu`, "--adopt takes over"} {
		if !strings.Contains(r.stderr, told) {
			t.Errorf("the conflict does not tell %q:\n%s", told, r.stderr)
		}
	}
	r = runMeshctl(t, l.Kubeconfig, append(minimal, "--adopt")...)
	r.want(t, 0)
	if !strings.Contains(r.stderr, "taking over") {
		t.Errorf("it is not told what is taken over:\n%s", r.stderr)
	}
	if changes := planned(t, l.Kubeconfig, "--profile", "minimal"); len(changes) > 0 {
		t.Errorf("after the takeover there is still something to change: %+v", changes)
	}

	// istioctl always takes over by force; meshctl sees what it did.
	applyAs(t, l, "istio-operator", generate("12m"))
	var fields []string
	for _, c := range planned(t, l.Kubeconfig, "--profile", "minimal") {
		for _, f := range c.Fields {
			if c.Kind == "Deployment" {
				fields = append(fields, f.Path)
			}
		}
	}
	if len(fields) != 1 || !strings.HasSuffix(fields[0], "resources.requests.cpu") {
		t.Errorf("the plan after istioctl's change: %v", fields)
	}
	mustMeshctl(t, l.Kubeconfig, append(minimal, "--adopt")...)
	if changes := planned(t, l.Kubeconfig, "--profile", "minimal"); len(changes) > 0 {
		t.Errorf("after taking it back there is still something to change: %+v", changes)
	}
	istiod, err := l.Client.AppsV1().Deployments("istio-system").Get(t.Context(), "istiod", metav1.GetOptions{})
	if err != nil || istiod.Spec.Template.Spec.Containers[0].Resources.Requests.Cpu().String() != "500m" {
		t.Errorf("istiod's request: %v, %v", istiod.Spec.Template.Spec.Containers[0].Resources.Requests, err)
	}
}

// dropNamespace removes the control plane's namespace if a story has left it,
// because it was not meshctl that made it.
func dropNamespace(t *testing.T, l *lab.Lab) {
	t.Helper()
	runMeshctl(t, l.Kubeconfig, "uninstall", "--purge", "--include-crds", "--force", "--yes").want(t, 0)
	namespaces := l.Client.CoreV1().Namespaces()
	if err := namespaces.Delete(t.Context(), "istio-system", metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	eventually(t, "the namespace to be gone", func() error {
		if _, err := namespaces.Get(t.Context(), "istio-system", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			return os.ErrExist
		}
		return nil
	})
}

// Fields that another tool holds are named, and taken over only when asked.
func TestTakeoverFromHelm(t *testing.T) {
	l := freshLab(t)
	manifests := mustMeshctl(t, l.Kubeconfig, "manifest", "generate", "--profile", "minimal",
		"--set", "values.pilot.resources.requests.cpu=11m", "--set", "values.pilot.resources.requests.memory=22Mi")
	applyAs(t, l, "helm", manifests)

	// At this moment istiod starts and writes its part of the webhooks, while the
	// plan is made.
	r := runMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal")
	r.want(t, 1)
	if !strings.Contains(r.stderr, "helm") || !strings.Contains(r.stderr, "resources.requests.cpu") {
		t.Errorf("the conflict does not name manager and field:\n%s", r.stderr)
	}
	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal", "--adopt")
	if changes := planned(t, l.Kubeconfig, "--profile", "minimal"); len(changes) > 0 {
		t.Errorf("after the takeover there is still something to change: %+v", changes)
	}
}

// A mesh that no installer has marked as its own goes whole, and the next
// installation finds nothing of it in its way.
func TestPurgeOfAMeshMadeFromManifests(t *testing.T) {
	l := freshLab(t)
	dropNamespace(t, l) // as it may have been left by another story
	before := snapshot(t, l)
	applyAs(t, l, "helm", mustMeshctl(t, l.Kubeconfig, "manifest", "generate", "--profile", "minimal"))
	if err := l.WaitForWebhooks(t.Context()); err != nil {
		t.Fatal(err)
	}
	dropNamespace(t, l)
	if diff := differences(before, snapshot(t, l)); diff != nil {
		t.Errorf("the cluster is not as it was before:\n%s", strings.Join(diff, "\n"))
	}
	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal")
}
