package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/meshctl/meshctl/test/lab"
)

// change is what a plan's JSON says of an object.
type change struct {
	Action string
	Kind   string
	Name   string
	Fields []struct{ Path string }
}

func planned(t *testing.T, kubeconfig string, args ...string) []change {
	t.Helper()
	r := runMeshctl(t, kubeconfig, append([]string{"install", "--plan", "-o", "json"}, args...)...)
	if r.code != 0 && r.code != 3 {
		r.want(t, 0)
	}
	changes := decode[[]change](t, r.stdout)
	if (len(changes) > 0) != (r.code == 3) {
		t.Errorf("exit code %d for %d changes", r.code, len(changes))
	}
	return changes
}

// The story of a mesh: nothing, a plan that changes nothing, an installation, a
// second one that has nothing to do, one changed setting, a part switched off,
// and away with it.
func TestInstallFromNothingToNothing(t *testing.T) {
	l := freshLab(t)
	before := snapshot(t, l)

	for _, look := range [][]string{{"install", "--plan"}, {"install", "--dry-run"}} {
		runMeshctl(t, l.Kubeconfig, look...)
		if diff := differences(before, snapshot(t, l)); diff != nil {
			t.Fatalf("meshctl %v has changed the cluster:\n%s", look, strings.Join(diff, "\n"))
		}
	}

	runMeshctl(t, l.Kubeconfig, "install").want(t, 2) // nobody to ask, no --yes
	mustMeshctl(t, l.Kubeconfig, "install", "--yes")
	istiod, err := l.Client.AppsV1().Deployments("istio-system").Get(t.Context(), "istiod", metav1.GetOptions{})
	if err != nil || istiod.Status.AvailableReplicas != 1 {
		t.Fatalf("install ended before istiod was available: %v, %v", istiod.Status, err)
	}
	if labels := istiod.Labels; labels["operator.istio.io/component"] != "Pilot" || labels["operator.istio.io/managed"] != "Reconcile" {
		t.Errorf("labels of ownership are missing: %v", labels)
	}

	if changes := planned(t, l.Kubeconfig); len(changes) > 0 {
		t.Errorf("a second installation would change %+v", changes)
	}
	mustMeshctl(t, l.Kubeconfig, "check")
	if same := mustMeshctl(t, l.Kubeconfig, "manifest", "diff", "profile:default", "cluster"); same != "no differences\n" {
		t.Errorf("the cluster differs from what was installed:\n%s", same)
	}
	annotateByHand(t, l, "istiod")
	r := runMeshctl(t, l.Kubeconfig, "manifest", "diff", "profile:default", "cluster")
	r.want(t, 3)
	if want := `metadata.annotations: (none) → {"rotated-by":"night-shift"}`; !strings.Contains(r.stdout, want) || strings.Count(r.stdout, "Deployment") != 1 {
		t.Errorf("what was added by hand does not show as %q:\n%s", want, r.stdout)
	}

	logging := []string{"--set", "meshConfig.accessLogFile=/dev/stdout"}
	var changed []string
	for _, c := range planned(t, l.Kubeconfig, logging...) {
		changed = append(changed, c.Action+" "+c.Kind+" "+c.Name)
	}
	if diff := cmp.Diff([]string{"change ConfigMap istio", "change ConfigMap values", "change ConfigMap istio-installed-state"}, changed); diff != "" {
		t.Errorf("the plan for one setting (-want +got):\n%s", diff)
	}

	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal")
	_, err = l.Client.AppsV1().Deployments("istio-system").Get(t.Context(), "istio-ingressgateway", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("the gateway of the former profile is still there: %v", err)
	}

	mustMeshctl(t, l.Kubeconfig, "uninstall", "--purge", "--include-crds", "--yes")
	if diff := differences(before, snapshot(t, l)); diff != nil {
		t.Errorf("uninstall has left traces:\n%s", strings.Join(diff, "\n"))
	}
}

// A saved plan is carried out as it is, and not at all once the cluster has
// moved on.
func TestSavedPlan(t *testing.T) {
	l := freshLab(t)
	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal")
	file := filepath.Join(t.TempDir(), "mesh.plan")
	save := []string{"install", "--profile", "minimal", "--set", "meshConfig.accessLogFile=/dev/stdout", "--plan", "--plan-out", file}

	runMeshctl(t, l.Kubeconfig, save...).want(t, 3)
	mustMeshctl(t, l.Kubeconfig, "install", "--plan-file", file, "--yes")
	config, err := l.Client.CoreV1().ConfigMaps("istio-system").Get(t.Context(), "istio", metav1.GetOptions{})
	if err != nil || !strings.Contains(config.Data["mesh"], "accessLogFile: /dev/stdout") {
		t.Fatalf("the plan was not carried out: %v\n%s", err, config.Data["mesh"])
	}

	r := runMeshctl(t, l.Kubeconfig, "install", "--plan-file", file, "--yes")
	r.want(t, 1)
	if !strings.Contains(r.stderr, "ConfigMap istio-system/istio") {
		t.Errorf("the refusal does not name what has changed:\n%s", r.stderr)
	}
}

const webDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: example.com/web:1}]
`

// An upgrade of something that is not installed, and one that goes too far.
func TestUpgradeChecksTheStep(t *testing.T) {
	l := freshLab(t)
	r := runMeshctl(t, l.Kubeconfig, "upgrade", "--yes")
	r.want(t, 1)
	if !strings.Contains(r.stderr, "no control plane of revision default to upgrade") {
		t.Errorf("got:\n%s", r.stderr)
	}
	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal")
	r = runMeshctl(t, l.Kubeconfig, "upgrade", "--yes", "--profile", "minimal", "--tag", "1.29.0")
	r.want(t, 1)
	if !strings.Contains(r.stderr, "go back from 1.31.1 to 1.29.0") {
		t.Errorf("got:\n%s", r.stderr)
	}
	mustMeshctl(t, l.Kubeconfig, "upgrade", "--yes", "--profile", "minimal", "--set", "meshConfig.accessLogFile=/dev/stdout")

	// Without a file it goes on from what was asked for: no setting gets lost, no
	// gateway comes with the default profile.
	r = runMeshctl(t, l.Kubeconfig, "upgrade", "--plan")
	r.want(t, 0)
	if !strings.Contains(r.stderr, "starting from what the installed mesh was asked for") {
		t.Errorf("it is not told what it starts from:\n%s", r.stderr)
	}
	r = runMeshctl(t, l.Kubeconfig, "upgrade", "--plan", "-o", "name", "--set", "meshConfig.accessLogEncoding=JSON")
	r.want(t, 3)
	if strings.Contains(r.stdout, "Deployment") {
		t.Errorf("one setting changes a Deployment:\n%s", r.stdout)
	}
}

// An installation that is killed at any point is completed by the next one. The
// points are random and in the log.
func TestInstallSurvivesBeingKilled(t *testing.T) {
	l := freshLab(t)
	start := time.Now()
	mustMeshctl(t, l.Kubeconfig, "install", "--yes")
	whole := time.Since(start)
	mustMeshctl(t, l.Kubeconfig, "uninstall", "--purge", "--include-crds", "--yes")

	const kills = 10
	for n := range kills {
		at := time.Duration(rand.Int64N(int64(whole)))
		t.Logf("kill %d after %s", n, at)
		ctx, cancel := context.WithTimeout(t.Context(), at)
		_ = command(ctx, l.Kubeconfig, "install", "--yes").Run() // ends by SIGKILL, or well if it was faster
		cancel()
		if n%3 == 2 { // several kills in a row, then start again from nothing
			mustMeshctl(t, l.Kubeconfig, "install", "--yes")
			if changes := planned(t, l.Kubeconfig); len(changes) > 0 {
				t.Fatalf("after %d kills the next installation is not complete: %+v", n+1, changes)
			}
			mustMeshctl(t, l.Kubeconfig, "uninstall", "--purge", "--include-crds", "--yes")
		}
	}
	mustMeshctl(t, l.Kubeconfig, "install", "--yes")
	if changes := planned(t, l.Kubeconfig); len(changes) > 0 {
		t.Fatalf("the last installation is not complete: %+v", changes)
	}
}

// annotateByHand does what kubectl edit does.
func annotateByHand(t *testing.T, l *lab.Lab, deployment string) {
	t.Helper()
	patch := []byte(`{"metadata": {"annotations": {"rotated-by": "night-shift"}}}`)
	_, err := l.Client.AppsV1().Deployments("istio-system").Patch(t.Context(), deployment, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "kubectl-edit"})
	if err != nil {
		t.Fatal(err)
	}
}

// A user without rights is told all that is missing, not only the first.
func TestMissingPermissionsAreListed(t *testing.T) {
	l := freshLab(t)
	kubeconfig, err := l.NewUser(t.Context(), "", rbacv1.PolicyRule{
		APIGroups: []string{""}, Resources: []string{"configmaps", "services"}, Verbs: []string{"*"},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := runMeshctl(t, kubeconfig, "install", "--yes")
	r.want(t, 4)
	for _, missing := range []string{"create resource clusterroles", "create resource deployments", "patch resource mutatingwebhookconfigurations"} {
		if !strings.Contains(r.stderr, missing) {
			t.Errorf("not told: %s\n%s", missing, r.stderr)
		}
	}
	if strings.Contains(r.stderr, "resource configmaps") {
		t.Errorf("told as missing, but allowed: configmaps\n%s", r.stderr)
	}
}

// One deadline bounds it all, even if the API server does not answer.
func TestInstallHonoursItsDeadline(t *testing.T) {
	l := freshLab(t)
	door, err := l.NewDoor()
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	door.Slow(30*time.Second, "")
	r := runMeshctl(t, door.Kubeconfig, "install", "--yes", "--timeout", "3s")
	if r.code == 0 || r.took > 10*time.Second {
		t.Errorf("exit code %d after %s with a deadline of 3s\n%s", r.code, r.took, r.stderr)
	}
}

// Events of -o json are one object a line, and end with a summary.
func TestInstallEventsAsJSON(t *testing.T) {
	l := freshLab(t)
	out := mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal", "-o", "json")
	decoder := json.NewDecoder(strings.NewReader(out))
	var types []string
	last := map[string]any{}
	for decoder.More() {
		clear(last)
		if err := decoder.Decode(&last); err != nil {
			t.Fatalf("%v in\n%s", err, out)
		}
		types = append(types, fmt.Sprint(last["type"]))
	}
	if !slices.Contains(types, "applied") || !slices.Contains(types, "ready") || last["type"] != "summary" || last["applied"] == nil {
		t.Errorf("events %v, last %v", types, last)
	}
}

// What an installation has left is found, with a reason for each.
func TestPruneFindsLeftovers(t *testing.T) {
	l := freshLab(t)
	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal")
	if err := l.Client.AppsV1().Deployments("istio-system").Delete(t.Context(), "istiod", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	var found string
	eventually(t, "the published certificates to count as left over", func() error {
		r := runMeshctl(t, l.Kubeconfig, "prune", "-o", "name")
		found = r.stdout
		if !strings.Contains(found, "ConfigMap default/istio-ca-root-cert") {
			return fmt.Errorf("found %q", found)
		}
		r.want(t, 3)
		return nil
	})
	mustMeshctl(t, l.Kubeconfig, "prune", "--yes")
	if r := runMeshctl(t, l.Kubeconfig, "prune", "--dry-run"); r.code != 0 {
		t.Errorf("something is left after prune:\n%s%s", r.stdout, r.stderr)
	}
}

// A file that does not exist or is broken never reaches the cluster.
func TestInstallWithBadInputTouchesNothing(t *testing.T) {
	l := freshLab(t)
	door, err := l.NewDoor()
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("kind: IstioOperator\nspec:\n  componets: {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := runMeshctl(t, door.Kubeconfig, "install", "--yes", "-f", bad)
	r.want(t, 2)
	if !strings.Contains(r.stderr, "bad.yaml:3") || !strings.Contains(r.stderr, `did you mean "components"`) {
		t.Errorf("the message does not help:\n%s", r.stderr)
	}
	if requests := door.Requests(); len(requests) > 0 {
		t.Errorf("the API server was asked: %v", requests)
	}
}
