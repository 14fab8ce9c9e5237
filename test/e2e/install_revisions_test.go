package e2e

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Two revisions run side by side; a tag moves from one to the other; a revision
// in use is not removed.
func TestRevisionsAndTags(t *testing.T) {
	l := freshLab(t)
	kubeconfig := l.Kubeconfig
	mustMeshctl(t, kubeconfig, "install", "--yes", "--profile", "minimal")
	mustMeshctl(t, kubeconfig, "install", "--yes", "--profile", "minimal", "--revision", "next")
	if changes := planned(t, kubeconfig, "--profile", "minimal"); len(changes) > 0 {
		t.Errorf("after the second revision the first one would change: %+v", changes)
	}

	mustMeshctl(t, kubeconfig, "tag", "set", "prod", "--revision", "default")
	runMeshctl(t, kubeconfig, "tag", "set", "prod", "--revision", "next").want(t, 2)
	mustMeshctl(t, kubeconfig, "tag", "set", "prod", "--revision", "next", "--overwrite")
	tags := decode[[]struct{ Tag, Revision string }](t, mustMeshctl(t, kubeconfig, "tag", "list", "-o", "json"))
	if len(tags) != 1 || tags[0].Tag != "prod" || tags[0].Revision != "next" {
		t.Errorf("tags: %+v", tags)
	}

	// A pod of a namespace with the tag gets its sidecar from the new revision.
	c := l.In(t, "istio.io/rev=prod")
	c.Apply(webDeployment)
	c.WaitForRollouts()
	pod, err := l.Client.CoreV1().Pods(c.Namespace).Get(t.Context(), c.Pod("app=web"), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if revision := pod.Annotations["istio.io/rev"]; revision != "next" {
		t.Errorf("the pod was injected by revision %q", revision)
	}

	r := runMeshctl(t, kubeconfig, "uninstall", "--revision", "next", "--yes")
	r.want(t, 1)
	for _, user := range []string{"tag prod", "namespace " + c.Namespace, "proxy " + c.Namespace + "/" + pod.Name} {
		if !strings.Contains(r.stderr, user) {
			t.Errorf("the refusal does not name %s:\n%s", user, r.stderr)
		}
	}
	mustMeshctl(t, kubeconfig, "uninstall", "--revision", "next", "--yes", "--force")
	if got := mustMeshctl(t, kubeconfig, "tag", "list", "-o", "name"); got != "" {
		t.Errorf("a tag points at nothing: %s", got)
	}
	r = runMeshctl(t, kubeconfig, "check")
	r.want(t, 3) // the namespace asks for a tag that is gone
	if !strings.Contains(r.stdout, "Namespace "+c.Namespace) {
		t.Errorf("check does not name the namespace:\n%s", r.stdout)
	}
	mustMeshctl(t, kubeconfig, "uninstall", "--revision", "default", "--yes")
}

// The first control plane of a cluster is the default one, whatever its name.
func TestTheFirstRevisionIsTheDefaultOne(t *testing.T) {
	l := freshLab(t)
	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal", "--revision", "only")
	c := l.In(t, "istio-injection=enabled")
	eventually(t, "the webhook's certificate", func() error { return l.WaitForWebhooks(t.Context()) })
	c.Apply(webDeployment)
	c.WaitForRollouts()
	pod, err := l.Client.CoreV1().Pods(c.Namespace).Get(t.Context(), c.Pod("app=web"), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if revision := pod.Annotations["istio.io/rev"]; revision != "only" {
		t.Errorf("the pod was injected by revision %q", revision)
	}
}

// istioctl hands the default namespaces to a tag and turns the webhook of the
// default revision off. Installing over that must not turn it on again: pods
// would be injected twice.
func TestInstallKeepsTheDefaultTag(t *testing.T) {
	l := freshLab(t)
	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal")
	mustMeshctl(t, l.Kubeconfig, "tag", "set", "default", "--revision", "default")
	if changes := planned(t, l.Kubeconfig, "--profile", "minimal"); len(changes) > 0 {
		t.Errorf("installing again would change %+v", changes)
	}
	hooks, err := l.Client.AdmissionregistrationV1().MutatingWebhookConfigurations().Get(t.Context(), "istio-sidecar-injector", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, hook := range hooks.Webhooks {
		if hook.NamespaceSelector.MatchLabels["istio.io/deactivated"] == "" {
			t.Errorf("webhook %s is still on", hook.Name)
		}
	}
	mustMeshctl(t, l.Kubeconfig, "tag", "remove", "default", "--yes")
	mustMeshctl(t, l.Kubeconfig, "install", "--yes", "--profile", "minimal")
	c := l.In(t, "istio-injection=enabled")
	c.Apply(webDeployment)
	c.WaitForRollouts()
	pod, err := l.Client.CoreV1().Pods(c.Namespace).Get(t.Context(), c.Pod("app=web"), metav1.GetOptions{})
	if err != nil || len(pod.Spec.Containers)+len(pod.Spec.InitContainers) < 3 {
		t.Errorf("after the tag was removed and the mesh installed again, the pod is not injected: %v", err)
	}
}
