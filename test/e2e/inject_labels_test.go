package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/test/lab"
)

// The story of a namespace: nobody injects it; it is given to the default
// revision, then to a tag of another one, then to nobody. Each time the labels
// really change, the pods that have to be restarted are named, and restarted
// they are what was said of them.
func TestInjectionIsTurnedOnAndOff(t *testing.T) {
	l := twoRevisions(t)
	c := l.In(t)
	c.Apply(probedDeployment)
	c.WaitForRollouts()

	r := runMeshctl(t, c.Kubeconfig, "check-inject", "deploy/web", "-n", c.Namespace)
	r.want(t, 0)
	wantIn(t, r.stdout, "nothing asks for it", "web-", ": would not be injected")

	before := labelsOf(t, c)
	mustMeshctl(t, c.Kubeconfig, "inject", "enable", c.Namespace, "--dry-run")
	if diff := cmp.Diff(before, labelsOf(t, c)); diff != "" {
		t.Fatalf("a dry run has changed the labels:\n%s", diff)
	}

	for _, step := range []struct {
		args     []string
		labels   map[string]string // those that decide
		revision string            // that the pods then have
	}{
		{[]string{"enable", c.Namespace}, map[string]string{"istio-injection": "enabled"}, "default"},
		{[]string{"enable", c.Namespace, "--revision", "prod"}, map[string]string{"istio.io/rev": "prod"}, "canary"},
		{[]string{"enable", c.Namespace, "--revision", "canary"}, map[string]string{"istio.io/rev": "canary"}, "canary"},
		{[]string{"disable", c.Namespace}, map[string]string{"istio-injection": "disabled"}, ""},
		{[]string{"enable", c.Namespace}, map[string]string{"istio-injection": "enabled"}, "default"},
	} {
		was := revisionOf(t, c)
		told := mustMeshctl(t, c.Kubeconfig, append([]string{"inject"}, step.args...)...)
		wantIn(t, told, "namespace/"+c.Namespace+" labelled\n")
		if diff := cmp.Diff(step.labels, labelsOf(t, c)); diff != "" {
			t.Fatalf("%v: the labels (-want +got):\n%s", step.args, diff)
		}
		if restart := strings.Contains(told, "pod/web-"); restart != (was != step.revision) {
			t.Errorf("%v: from revision %q to %q, but the pods to restart are:\n%s", step.args, was, step.revision, told)
		}
		wantIn(t, mustMeshctl(t, c.Kubeconfig, append([]string{"inject"}, step.args...)...), "namespace/"+c.Namespace+" unchanged\n")

		waitForRevision(t, c, step.revision)
		c.DeletePod(c.PodsOf("deploy/web")[0])
		c.WaitForRollouts()
		if now := revisionOf(t, c); now != step.revision {
			t.Errorf("%v: the new pod is of revision %q, want %q", step.args, now, step.revision)
		}
		if told := mustMeshctl(t, c.Kubeconfig, append([]string{"inject"}, step.args...)...); strings.Contains(told, "needs a restart") {
			t.Errorf("%v: after the restart:\n%s", step.args, told)
		}
		wantListed(t, c, step.revision)
	}

	for _, args := range [][]string{
		{"enable", c.Namespace, "--revision", "nobody"},
		{"enable", "no-such-namespace"},
		{"enable", "kube-system"},
	} {
		r := runMeshctl(t, c.Kubeconfig, append([]string{"inject"}, args...)...)
		r.want(t, 1)
		if r.stderr == "" || labelsOf(t, c)["istio-injection"] != "enabled" {
			t.Errorf("%v: %s", args, r.stderr)
		}
	}
}

const probedDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: app, ports: [{containerPort: 8080, name: http}], readinessProbe: {httpGet: {path: /ready, port: http}}}]}
`

// twoRevisions is a lab with the revisions default and canary, and the tag prod
// at the latter.
func twoRevisions(t *testing.T) *lab.Lab {
	t.Helper()
	l := freshLab(t)
	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal")
	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal", "--revision", "canary")
	mustMeshctl(t, l.Kubeconfig, "tag", "set", "prod", "--revision", "canary", "--overwrite")
	if err := l.WaitForWebhooks(t.Context()); err != nil {
		t.Fatal(err)
	}
	for label, revision := range map[string]string{"istio-injection=enabled": "default", "istio.io/rev=canary": "canary", "istio.io/rev=prod": "canary"} {
		waitForRevision(t, l.In(t, label), revision)
	}
	return l
}

// waitForRevision waits until new pods in the case's namespace are injected by
// a revision: the API server learns of changes of labels and webhooks a moment
// later.
func waitForRevision(t *testing.T, c *lab.Case, revision string) {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "probe"}}
	pod.Spec.Containers = []corev1.Container{{Name: "probe", Image: "probe"}}
	c.Eventually("revision "+revision+" injects in "+c.Namespace, func() error {
		made, err := try(t, c, pod.DeepCopy())
		if err != nil {
			return err
		}
		if by := injectedBy(t, made); by != revision {
			return fmt.Errorf("it is %q that injects", by)
		}
		return nil
	})
}

func wantIn(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in:\n%s", part, text)
		}
	}
}

// labelsOf are the labels of the case's namespace that are about injection.
func labelsOf(t *testing.T, c *lab.Case) map[string]string {
	t.Helper()
	namespace, err := c.Client.CoreV1().Namespaces().Get(c.Context(), c.Namespace, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(namespace.Labels, func(key, _ string) bool { return !strings.HasPrefix(key, "istio") })
	return namespace.Labels
}

// revisionOf is the revision that has injected the pod of the case's
// Deployment, "" if none has.
func revisionOf(t *testing.T, c *lab.Case) string {
	t.Helper()
	pod, err := c.Client.CoreV1().Pods(c.Namespace).Get(c.Context(), c.PodsOf("deploy/web")[0], metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return injectedBy(t, pod)
}

func injectedBy(t *testing.T, pod *corev1.Pod) string {
	t.Helper()
	status := pod.Annotations["sidecar.istio.io/status"]
	if status == "" {
		return ""
	}
	return decode[struct{ Revision string }](t, status).Revision
}

// wantListed checks that injector list has one pod, of that revision and up to
// date.
func wantListed(t *testing.T, c *lab.Case, revision string) {
	t.Helper()
	survey := decode[struct {
		Namespaces []struct {
			Name string
			Pods []struct {
				Revision string
				Count    int
				Stale    []string
			}
		}
		Injectors []struct{ Name, Revision string }
	}](t, mustMeshctl(t, c.Kubeconfig, "injector", "list", "-n", c.Namespace, "-o", "json"))
	if len(survey.Namespaces) != 1 || len(survey.Namespaces[0].Pods) != 1 {
		t.Fatalf("injector list: %+v", survey)
	}
	if pods := survey.Namespaces[0].Pods[0]; pods.Revision != revision || pods.Count != 1 || len(pods.Stale) > 0 {
		t.Errorf("injector list has %+v, want one pod of revision %q", pods, revision)
	}
	var names []string
	for _, i := range survey.Injectors {
		names = append(names, i.Name+"="+i.Revision)
	}
	want := []string{"istio-revision-tag-prod-istio-system=canary", "istio-sidecar-injector=default", "istio-sidecar-injector-canary=canary"}
	slices.Sort(names)
	for _, name := range want {
		if !slices.ContainsFunc(names, func(n string) bool {
			return strings.ReplaceAll(n, "-istio-system", "") == strings.ReplaceAll(name, "-istio-system", "")
		}) {
			t.Errorf("injector list has the injectors %v, not %s", names, name)
		}
	}
}

// What check-inject says about a pod is what the API server and istiod do with
// it, whatever the labels of namespace and pod are, also where they contradict
// each other.
func TestCheckInjectForeseesWhatHappens(t *testing.T) {
	l := twoRevisions(t)
	pods := map[string]string{
		"nothing":           `{}`,
		"opts-in":           `{metadata: {labels: {sidecar.istio.io/inject: "true"}}}`,
		"opts-out":          `{metadata: {labels: {sidecar.istio.io/inject: "false"}}}`,
		"opts-out-old-way":  `{metadata: {annotations: {sidecar.istio.io/inject: "false"}}}`,
		"opts-in-old-way":   `{metadata: {annotations: {sidecar.istio.io/inject: "true"}}}`,
		"unclear":           `{metadata: {labels: {sidecar.istio.io/inject: "maybe"}}}`,
		"revision":          `{metadata: {labels: {istio.io/rev: canary}}}`,
		"tag":               `{metadata: {labels: {istio.io/rev: prod}}}`,
		"tag-and-opts-in":   `{metadata: {labels: {istio.io/rev: prod, sidecar.istio.io/inject: "true"}}}`,
		"tag-but-opts-out":  `{metadata: {labels: {istio.io/rev: prod, sidecar.istio.io/inject: "false"}}}`,
		"unknown-revision":  `{metadata: {labels: {istio.io/rev: nobody}}}`,
		"host-network":      `{spec: {hostNetwork: true}}`,
		"default-revision":  `{metadata: {labels: {istio.io/rev: default}}}`,
		"opts-in-but-host":  `{metadata: {labels: {sidecar.istio.io/inject: "true"}}, spec: {hostNetwork: true}}`,
		"label-beats-notes": `{metadata: {labels: {sidecar.istio.io/inject: "true"}, annotations: {sidecar.istio.io/inject: "false"}}}`,
	}
	for _, labels := range [][]string{
		{}, {"istio-injection=enabled"}, {"istio-injection=disabled"}, {"istio-injection=maybe"},
		{"istio.io/rev=default"}, {"istio.io/rev=canary"}, {"istio.io/rev=prod"}, {"istio.io/rev=nobody"},
		{"istio-injection=enabled", "istio.io/rev=canary"}, {"istio-injection=disabled", "istio.io/rev=canary"},
		{"istio-injection=enabled", "istio.io/rev=default"},
	} {
		t.Run(strings.Join(labels, ","), func(t *testing.T) {
			c := l.In(t, labels...)
			makeAccount(t, c, "default")
			foreseen := checkAll(t, c, pods)
			for name, text := range pods {
				pod := &corev1.Pod{}
				if err := yaml.UnmarshalStrict([]byte(text), pod); err != nil {
					t.Fatal(err)
				}
				pod.Name, pod.Spec.Containers = name, []corev1.Container{{Name: "app", Image: "app"}}
				made, err := try(t, c, pod)
				if err != nil {
					t.Fatal(err)
				}
				got := foreseen[c.Namespace+"/"+name]
				if by := injectedBy(t, made); got.revision != by {
					t.Errorf("%s: check-inject says revision %q, the pod has %q; it says:\n%s", name, got.revision, by, got.why)
				}
				if got.revision == "" && !strings.Contains(got.why, "reason\": \"") {
					t.Errorf("%s: no reason why it is not injected:\n%s", name, got.why)
				}
			}
		})
	}
}

// foresight is what check-inject says about a pod.
type foresight struct {
	revision string // "" if it would not be injected
	why      string
}

// checkAll asks check-inject about pods in the case's namespace.
func checkAll(t *testing.T, c *lab.Case, pods map[string]string) map[string]foresight {
	t.Helper()
	var stream strings.Builder
	for name, text := range pods {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(text), &object); err != nil {
			t.Fatal(err)
		}
		patched, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		pod := &corev1.Pod{}
		if err := yaml.UnmarshalStrict(patched, pod); err != nil {
			t.Fatal(err)
		}
		pod.APIVersion, pod.Kind, pod.Name, pod.Namespace = "v1", "Pod", name, c.Namespace
		pod.Spec.Containers = []corev1.Container{{Name: "app", Image: "app"}}
		written, err := yaml.Marshal(pod)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&stream, "---\n%s", written)
	}
	file := filepath.Join(t.TempDir(), "pods.yaml")
	if err := os.WriteFile(file, []byte(stream.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	r := runMeshctl(t, c.Kubeconfig, "check-inject", "-f", file, "-o", "json")
	if r.code != 0 && r.code != 3 { // 3: several injectors would
		r.want(t, 0)
	}
	found := map[string]foresight{}
	for _, check := range decode[[]json.RawMessage](t, r.stdout) {
		says := decode[struct {
			Target   string
			Inject   bool
			Webhooks []struct {
				Revision string
				Inject   bool
			}
		}](t, string(check))
		f := foresight{why: string(check)}
		for _, webhook := range says.Webhooks {
			if says.Inject && webhook.Inject {
				f.revision = webhook.Revision
			}
		}
		found[says.Target] = f
	}
	return found
}

// With both labels on a namespace, which contradict each other, enabling takes
// away the one that would win.
func TestInjectEnableSolvesAConflictOfLabels(t *testing.T) {
	l := twoRevisions(t)
	c := l.In(t, "istio-injection=enabled", "istio.io/rev=canary")
	told := mustMeshctl(t, c.Kubeconfig, "check-inject", "namespace/"+c.Namespace)
	wantIn(t, told, "istio-injection=enabled", "istio.io/rev=canary")
	mustMeshctl(t, c.Kubeconfig, "inject", "enable", c.Namespace, "--revision", "canary")
	if diff := cmp.Diff(map[string]string{"istio.io/rev": "canary"}, labelsOf(t, c)); diff != "" {
		t.Errorf("the labels (-want +got):\n%s", diff)
	}
	patch := []byte(`{"metadata":{"labels":{"istio-injection":"enabled"}}}`)
	if _, err := c.Client.CoreV1().Namespaces().Patch(c.Context(), c.Namespace, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	mustMeshctl(t, c.Kubeconfig, "inject", "disable", c.Namespace)
	if diff := cmp.Diff(map[string]string{"istio-injection": "disabled"}, labelsOf(t, c)); diff != "" {
		t.Errorf("the labels (-want +got):\n%s", diff)
	}
}
