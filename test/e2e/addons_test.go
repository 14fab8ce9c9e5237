package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/meshctl/meshctl/test/lab"
)

// addonObjects are all objects of the cluster that are in a namespace or named
// after it, less what the control planes put into each namespace at their own pace.
func addonObjects(t *testing.T, namespace string) map[string]string {
	all := snapshot(t, mesh)
	maps.DeleteFunc(all, func(id, _ string) bool {
		return !strings.Contains(id, namespace) || strings.Contains(id, "/istio-ca-") || strings.HasSuffix(id, "/kube-root-ca.crt")
	})
	return all
}

// secretOf reads Grafana's Secret.
func secretOf(t *testing.T, c *lab.Case) *corev1.Secret {
	t.Helper()
	secret, err := mesh.Client.CoreV1().Secrets(c.Namespace).Get(t.Context(), "grafana-admin", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// The story of addons: a plan that changes nothing, two of them, a third one to
// which they are wired, nothing to do for upgrade, a look at Grafana, and away
// with them.
func TestAddonsFromNothingToNothing(t *testing.T) {
	t.Parallel()
	c := mesh.In(t)
	before := addonObjects(t, c.Namespace)
	addons := func(args ...string) result {
		r := runMeshctl(t, c.Kubeconfig, append([]string{"addons", "-n", c.Namespace}, args...)...)
		if secret, err := mesh.Client.CoreV1().Secrets(c.Namespace).Get(t.Context(), "grafana-admin", metav1.GetOptions{}); err == nil {
			if password := string(secret.Data["admin-password"]); strings.Contains(r.stdout+r.stderr, password) {
				t.Errorf("meshctl addons %v tells the password", args)
			}
		}
		return r
	}

	addons("install", "--plan").want(t, 3)
	addons("install", "--dry-run").want(t, 0)
	addons("install").want(t, 2) // nobody to ask, no --yes
	if diff := differences(before, addonObjects(t, c.Namespace)); diff != nil {
		t.Fatalf("looking has changed the cluster:\n%s", strings.Join(diff, "\n"))
	}

	addons("install", "prometheus", "kiali", "--yes").want(t, 0)
	r := addons("install", "grafana", "--plan", "-o", "json")
	r.want(t, 3)
	var rewired []string
	for _, change := range decode[[]change](t, r.stdout) {
		if change.Action != "create" {
			rewired = append(rewired, change.Action+" "+change.Kind+" "+change.Name)
		}
	}
	if diff := cmp.Diff([]string{"change ConfigMap kiali", "change Deployment kiali"}, rewired); diff != "" {
		t.Errorf("Kiali is to be told of Grafana (-want +got):\n%s", diff)
	}
	r = addons("install", "grafana", "jaeger", "--yes")
	r.want(t, 0)
	for _, hint := range []string{"Secret " + c.Namespace + "/grafana-admin", "jaeger-collector." + c.Namespace + ".svc.cluster.local", "kind: Telemetry"} {
		if !strings.Contains(r.stderr, hint) {
			t.Errorf("no word of %s in:\n%s", hint, r.stderr)
		}
	}

	for _, a := range decode[[]struct {
		Name, Version, Available, Namespace, State string
		Ready                                      bool
	}](t, addons("list", "-o", "json").stdout) {
		if !a.Ready || a.Version == "" || a.Version != a.Available || a.Namespace != c.Namespace {
			t.Errorf("list has %+v", a)
		}
	}
	password := secretOf(t, c).Data["admin-password"]
	for _, again := range []string{"install", "upgrade"} {
		r := addons(again, "--plan")
		r.want(t, 0)
		if r.stdout != "no differences\n" {
			t.Errorf("a second %s would change:\n%s", again, r.stdout)
		}
	}
	addons("install", "--yes").want(t, 0)
	if now := secretOf(t, c).Data["admin-password"]; string(now) != string(password) || len(now) < 20 {
		t.Error("installing again has changed the password")
	}

	c.MapPort(c.Pod("app.kubernetes.io/name=grafana"), 3000, page(t, "this is grafana"))
	d := openDashboard(t, c.Kubeconfig, "grafana", "-n", c.Namespace)
	d.want("/", "this is grafana")
	if !strings.Contains(d.said(), "user and password are in Secret "+c.Namespace+"/grafana-admin") {
		t.Errorf("it said:\n%s", d.said())
	}
	d.end(os.Interrupt)

	// The mesh and its addons do not know each other.
	purge := decode[struct {
		Objects []struct{ Kind, Namespace, Name string }
	}](t, mustMeshctl(t, c.Kubeconfig, "uninstall", "--purge", "--dry-run", "-o", "json"))
	for _, o := range purge.Objects {
		istiods := strings.HasPrefix(o.Name, "istio-ca-") // istiod makes them in every namespace
		if strings.Contains(o.Namespace+o.Name, c.Namespace) && !istiods {
			t.Errorf("uninstalling the mesh would take %+v with it", o)
		}
	}

	addons("uninstall", "grafana", "--yes").want(t, 0)
	kiali, err := mesh.Client.CoreV1().ConfigMaps(c.Namespace).Get(t.Context(), "kiali", metav1.GetOptions{})
	if err != nil || strings.Contains(kiali.Data["config.yaml"], "http://grafana") {
		t.Errorf("Kiali still knows of Grafana: %v", err)
	}
	addons("uninstall", "--yes").want(t, 0)
	if diff := differences(before, addonObjects(t, c.Namespace)); diff != nil {
		t.Errorf("uninstall has left something:\n%s", strings.Join(diff, "\n"))
	}
	r = addons("uninstall", "--yes")
	r.want(t, 0)
	if !strings.Contains(r.stderr, "nothing to remove") {
		t.Errorf("it said:\n%s", r.stderr)
	}
	addons("upgrade", "--yes").want(t, 1)
}

// Volumes, and the password for what is in them, outlive their addons unless
// their end is asked for.
func TestAddonsKeepTheirDataUnlessToldOtherwise(t *testing.T) {
	t.Parallel()
	c := mesh.In(t)
	before := addonObjects(t, c.Namespace)
	for i := range 2 { // nobody provides volumes in the lab
		c.Apply(fmt.Sprintf(`
apiVersion: v1
kind: PersistentVolume
metadata: {name: %[1]s-%[2]d}
spec:
  accessModes: [ReadWriteOnce]
  capacity: {storage: 1Gi}
  storageClassName: %[1]s
  hostPath: {path: /nonexistent}
`, c.Namespace, i))
	}
	t.Cleanup(func() {
		ctx, cancel := withoutTest(commandTimeout)
		defer cancel()
		for i := range 2 {
			if err := mesh.Client.CoreV1().PersistentVolumes().Delete(ctx, fmt.Sprintf("%s-%d", c.Namespace, i), metav1.DeleteOptions{}); err != nil {
				t.Error(err)
			}
		}
	})
	addons := func(args ...string) result {
		r := runMeshctl(t, c.Kubeconfig, append([]string{"addons", "-n", c.Namespace}, args...)...)
		r.want(t, 0)
		return r
	}
	addons("install", "prometheus", "grafana", "--storage", "1Gi", "--storage-class", c.Namespace, "--yes")
	password := secretOf(t, c).Data["admin-password"]
	claim, err := mesh.Client.CoreV1().PersistentVolumeClaims(c.Namespace).Get(t.Context(), "grafana-data", metav1.GetOptions{})
	if err != nil || claim.Status.Phase != corev1.ClaimBound {
		t.Fatalf("the claim is %v, %v", claim.Status, err)
	}

	r := addons("uninstall", "--yes")
	for _, kept := range []string{"PersistentVolumeClaim " + c.Namespace + "/grafana-data", "PersistentVolumeClaim " + c.Namespace + "/prometheus-data", "Secret " + c.Namespace + "/grafana-admin"} {
		if !strings.Contains(r.stderr, "kept: "+kept) {
			t.Errorf("no word of %s in:\n%s", kept, r.stderr)
		}
	}
	if list := addons("list").stdout; !strings.Contains(list, "not installed, data kept") {
		t.Errorf("list shows nothing of the data:\n%s", list)
	}
	addons("install", "grafana", "--yes") // without --storage
	again, err := mesh.Client.CoreV1().PersistentVolumeClaims(c.Namespace).Get(t.Context(), "grafana-data", metav1.GetOptions{})
	if err != nil || again.UID != claim.UID || string(secretOf(t, c).Data["admin-password"]) != string(password) {
		t.Errorf("the next installation does not have the data of the one before: %v", err)
	}
	pod, err := mesh.Client.CoreV1().Pods(c.Namespace).Get(t.Context(), c.Pod("app.kubernetes.io/name=grafana"), metav1.GetOptions{})
	if err != nil || !strings.Contains(fmt.Sprint(pod.Spec.Volumes), "grafana-data") {
		t.Errorf("its pod does not use the volume: %v", err)
	}

	addons("uninstall", "--purge-data", "--yes")
	after := addonObjects(t, c.Namespace)
	maps.DeleteFunc(after, func(id, _ string) bool { return strings.HasPrefix(id, "persistentvolumes.") })
	if diff := differences(before, after); diff != nil {
		t.Errorf("uninstall --purge-data has left something:\n%s", strings.Join(diff, "\n"))
	}
}

func TestAddonsDoNotTouchWhatOthersHaveInstalled(t *testing.T) {
	t.Parallel()
	c := mesh.In(t)
	c.Apply(`{apiVersion: v1, kind: Service, metadata: {name: prometheus}, spec: {ports: [{port: 9090}]}}`)
	r := runMeshctl(t, c.Kubeconfig, "addons", "install", "prometheus", "-n", c.Namespace, "--yes")
	r.want(t, 1)
	if !strings.Contains(r.stderr, "Service "+c.Namespace+"/prometheus") || !strings.Contains(r.stderr, "choose another namespace with -n") {
		t.Errorf("stderr:\n%s", r.stderr)
	}
	if _, err := mesh.Client.AppsV1().Deployments(c.Namespace).Get(t.Context(), "prometheus", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("something was installed all the same: %v", err)
	}

	// A Secret that somebody has made for Grafana is used, and left alone.
	c.Apply(`{apiVersion: v1, kind: Secret, metadata: {name: grafana-admin}, stringData: {admin-user: admin, admin-password: of their own}}`)
	mustMeshctl(t, c.Kubeconfig, "addons", "install", "grafana", "-n", c.Namespace, "--yes")
	mustMeshctl(t, c.Kubeconfig, "addons", "uninstall", "--purge-data", "-n", c.Namespace, "--yes")
	if got := string(secretOf(t, c).Data["admin-password"]); got != "of their own" {
		t.Errorf("the password is %q now", got)
	}
}

// An addon that cannot start is waited for no longer than asked, and the reason
// is told.
func TestAddonsSayWhyTheyAreNotReady(t *testing.T) {
	t.Parallel()
	c := mesh.In(t)
	r := runMeshctl(t, c.Kubeconfig, "addons", "install", "prometheus", "-n", c.Namespace, "--storage", "1Gi", "--yes", "--timeout", "10s")
	r.want(t, 1) // nobody provides volumes in the lab
	if !strings.Contains(r.stderr, "Deployment "+c.Namespace+"/prometheus: ") || !strings.Contains(r.stderr, "unbound immediate PersistentVolumeClaims") {
		t.Errorf("stderr:\n%s", r.stderr)
	}
	list := runMeshctl(t, c.Kubeconfig, "addons", "list", "-n", c.Namespace, "-o", "json")
	for _, a := range decode[[]struct {
		Name  string
		Ready bool
		State string
	}](t, list.stdout) {
		if a.Name == "prometheus" && (a.Ready || a.State == "ready") {
			t.Errorf("list has %+v", a)
		}
	}
	mustMeshctl(t, c.Kubeconfig, "addons", "uninstall", "--purge-data", "-n", c.Namespace, "--yes")
}

// What an older release has installed is brought up to date; fields that
// another tool holds are named, and taken over only when that is asked for.
func TestAddonsUpgradeAnOlderInstallation(t *testing.T) {
	t.Parallel()
	c := mesh.In(t)
	current := mustMeshctl(t, c.Kubeconfig, "addons", "manifest", "prometheus", "-n", c.Namespace)
	c.Apply(strings.ReplaceAll(current, "3.11.3", "3.5.0")) // not as meshctl
	c.WaitForRollouts()
	addons := func(args ...string) result {
		return runMeshctl(t, c.Kubeconfig, append([]string{"addons", "-n", c.Namespace}, args...)...)
	}
	version := func() string {
		for _, a := range decode[[]struct{ Name, Version string }](t, addons("list", "-o", "json").stdout) {
			if a.Name == "prometheus" {
				return a.Version
			}
		}
		return ""
	}
	if v := version(); v != "3.5.0" {
		t.Errorf("list says %q", v)
	}
	r := addons("upgrade", "--plan")
	r.want(t, 3)
	if !strings.Contains(r.stdout, `"docker.io/prom/prometheus:v3.5.0" → "docker.io/prom/prometheus:v3.11.3"`) {
		t.Errorf("the plan:\n%s", r.stdout)
	}
	r = addons("upgrade", "--yes")
	r.want(t, 1)
	if !strings.Contains(r.stderr, "--force-conflicts takes them over") {
		t.Errorf("stderr:\n%s", r.stderr)
	}
	addons("upgrade", "--yes", "--force-conflicts").want(t, 0)
	if v := version(); v != "3.11.3" {
		t.Errorf("after the upgrade list says %q", v)
	}
	addons("upgrade", "--plan").want(t, 0)

	// Who may look at one namespace lists what is there.
	deployments := rule("deployments", "list")
	deployments.APIGroups = []string{"apps"}
	visitor := c.User(deployments, rule("persistentvolumeclaims", "list"))
	if list := mustMeshctl(t, visitor, "addons", "list", "-n", c.Namespace, "-o", "name"); list != "prometheus\n" {
		t.Errorf("a user of one namespace sees %q", list)
	}
	runMeshctl(t, visitor, "addons", "list").want(t, 4)
	runMeshctl(t, visitor, "addons", "uninstall", "-n", c.Namespace, "--yes").want(t, 4)

	addons("uninstall", "--yes").want(t, 0)
}

// Another password reaches Grafana: its pod is replaced, and nothing tells it.
func TestAddonsTakeAPasswordFromAFile(t *testing.T) {
	t.Parallel()
	c := mesh.In(t)
	install := func(password string) {
		file := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		r := runMeshctl(t, c.Kubeconfig, "addons", "install", "grafana", "-n", c.Namespace, "--yes", "-v", "1", "--grafana-admin-password-file", file)
		r.want(t, 0)
		if strings.Contains(r.stdout+r.stderr, password) || string(secretOf(t, c).Data["admin-password"]) != password {
			t.Errorf("it is told, or not set:\n%s", r.stderr)
		}
	}
	install("the first of them")
	first := c.Pod("app.kubernetes.io/name=grafana")
	install("the first of them")
	if again := c.Pod("app.kubernetes.io/name=grafana"); again != first {
		t.Error("the same password has replaced the pod")
	}
	install("quite another one")
	if second := c.Pod("app.kubernetes.io/name=grafana"); second == first {
		t.Error("the pod is still the one with the old password")
	}
	mustMeshctl(t, c.Kubeconfig, "addons", "uninstall", "-n", c.Namespace, "--yes")
}
