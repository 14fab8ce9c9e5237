package e2e

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/test/lab"
)

// Every workload of the conformance corpus's injection inputs gets the same
// pod from `meshctl inject` as from the webhook of a real istiod. Pods are
// only tried, not created: a dry run goes through defaulting and webhooks.
func TestInjectOfTheCorpusGivesWhatTheWebhookGives(t *testing.T) {
	c := mesh.In(t, "istio-injection=enabled")
	plain := mesh.In(t, "istio-injection=disabled")
	c.WaitForInjection()
	compareWithWebhook(t, c, plain, corpusSamples(t, plain), "--revision", "default")
}

// sample is a workload of the corpus, as it stands there and as an API server
// would hold it.
type sample struct {
	name                string
	original, defaulted *unstructured.Unstructured
}

// corpusSamples reads the workloads of the corpus's injection inputs.
func corpusSamples(t *testing.T, plain *lab.Case) []sample {
	t.Helper()
	var samples []sample
	for _, file := range corpusInputs(t) {
		for _, object := range workloadsOf(t, file) {
			makeServiceAccounts(t, object, plain)
			name := fmt.Sprintf("%s: %s %s", filepath.Base(filepath.Dir(file)), object.GetKind(), object.GetName())
			samples = append(samples, sample{name, object, withDefaults(t, plain, object)})
		}
	}
	return samples
}

// compareWithWebhook holds the pods that the webhook makes of samples in c's
// namespace against those that meshctl makes of them with the given flags,
// which go through the API server in the namespace plain, where there is no
// webhook.
func compareWithWebhook(t *testing.T, c, plain *lab.Case, samples []sample, flags ...string) {
	t.Helper()
	injected, failures := injectAll(t, c, samples, flags...)
	compared := 0
	for n, s := range samples {
		makeServiceAccounts(t, s.original, c, plain)
		object := s.original.DeepCopy()
		object.SetNamespace(c.Namespace)
		byWebhook, webhookErr := try(t, c, podOf(t, object))
		if apierrors.IsInvalid(webhookErr) {
			continue // no pod that an API server takes
		}
		if webhookErr != nil || failures[n] != "" {
			if (webhookErr != nil) != (failures[n] != "") {
				t.Errorf("%s: the webhook says %v, meshctl says %q", s.name, webhookErr, failures[n])
			}
			continue
		}
		byMeshctl, err := try(t, plain, podOf(t, injected[n]))
		if err != nil {
			t.Errorf("%s: the API server does not take what meshctl injects: %v", s.name, err)
			continue
		}
		compared++
		if diff := cmp.Diff(comparable(t, byWebhook), comparable(t, byMeshctl)); diff != "" {
			t.Errorf("%s by the webhook (-) and by meshctl (+):\n%s", s.name, diff)
		}
	}
	if compared == 0 {
		t.Error("nothing was compared")
	}
	t.Logf("%d workloads compared", compared)
}

// corpusInputs lists the different inputs of the corpus.
func corpusInputs(t *testing.T) []string {
	root := os.Getenv("MESHCTL_CORPUS")
	if root == "" {
		root = "../../../shared/corpus"
	}
	files, err := filepath.Glob(filepath.Join(root, "inject", "*", "input.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("no corpus at %s; set MESHCTL_CORPUS to its directory", root)
	}
	seen := map[[32]byte]bool{}
	return slices.DeleteFunc(files, func(file string) bool {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		again := seen[sum]
		seen[sum] = true
		return again
	})
}

// workloadsOf reads the objects that have pods. Those that are injected
// already are left out: the webhook is for pods that are not.
func workloadsOf(t *testing.T, file string) []*unstructured.Unstructured {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := lab.ParseYAML(data)
	if err != nil {
		return nil // a case of broken YAML
	}
	var found []*unstructured.Unstructured
	for _, o := range objects {
		text, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		if templatePath(o) != nil && o.GetAPIVersion() != "apps.openshift.io/v1" && !strings.Contains(string(text), "sidecar.istio.io/status") {
			found = append(found, o)
		}
	}
	return found
}

// templatePath leads to the pod template.
func templatePath(o *unstructured.Unstructured) []string {
	switch o.GetKind() {
	case "Pod":
		return []string{}
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController":
		return []string{"spec", "template"}
	case "CronJob":
		return []string{"spec", "jobTemplate", "spec", "template"}
	}
	return nil
}

// podOf makes the pod that the workload's controller would make.
func podOf(t *testing.T, o *unstructured.Unstructured) *corev1.Pod {
	t.Helper()
	content, _, err := unstructured.NestedMap(o.Object, templatePath(o)...)
	if err != nil {
		t.Fatal(err)
	}
	if o.GetKind() == "Pod" {
		content = o.Object
	}
	pod := &corev1.Pod{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, pod); err != nil {
		t.Fatal(err)
	}
	if o.GetKind() == "Pod" {
		pod.Namespace = ""
		return pod
	}
	owner := metav1.OwnerReference{APIVersion: o.GetAPIVersion(), Kind: o.GetKind(), Name: o.GetName(), UID: "1", Controller: new(bool)}
	*owner.Controller = true
	switch o.GetKind() {
	case "Deployment":
		owner.Kind, owner.Name = "ReplicaSet", o.GetName()+"-abc"
		if pod.Labels == nil {
			pod.Labels = map[string]string{}
		}
		pod.Labels["pod-template-hash"] = "abc"
	case "CronJob":
		owner.Kind, owner.Name = "Job", o.GetName()+"-29123456"
	}
	pod.Name, pod.Namespace, pod.GenerateName = "", "", owner.Name+"-"
	pod.OwnerReferences = []metav1.OwnerReference{owner}
	return pod
}

func try(t *testing.T, c *lab.Case, pod *corev1.Pod) (*corev1.Pod, error) {
	t.Helper()
	return c.Client.CoreV1().Pods(c.Namespace).Create(c.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
}

// withDefaults is an object as the API server would hold it. The webhook sees
// pods of such objects, so meshctl is to see the same.
func withDefaults(t *testing.T, c *lab.Case, o *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	config, err := c.Config()
	if err != nil {
		t.Fatal(err)
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	kind := o.GroupVersionKind()
	resource := kind.GroupVersion().WithResource(strings.ToLower(kind.Kind) + "s")
	original := o
	o = o.DeepCopy()
	o.SetNamespace(c.Namespace)
	o.SetOwnerReferences(nil)
	made, err := client.Resource(resource).Namespace(c.Namespace).Create(c.Context(), o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil {
		t.Logf("%s %s goes without the API server's defaults: %v", o.GetKind(), o.GetName(), err)
		return o
	}
	// Pods and the templates of Jobs come back with an identity of their own.
	path := append(templatePath(o), "metadata")
	metadata, found, err := unstructured.NestedMap(original.Object, path...)
	if err != nil {
		t.Fatal(err)
	}
	unstructured.RemoveNestedField(made.Object, path...)
	if found {
		if err := unstructured.SetNestedMap(made.Object, metadata, path...); err != nil {
			t.Fatal(err)
		}
	}
	return made
}

// injectAll runs meshctl on all samples, as of the case's namespace. Of each
// sample it gives the injected object or why there is none.
func injectAll(t *testing.T, c *lab.Case, samples []sample, flags ...string) (injected []*unstructured.Unstructured, failures []string) {
	t.Helper()
	var stream strings.Builder
	for _, s := range samples {
		object := s.defaulted.DeepCopy()
		object.SetNamespace(c.Namespace)
		text, err := yaml.Marshal(object.Object)
		if err != nil {
			t.Fatal(err)
		}
		stream.WriteString("---\n" + string(text))
	}
	file := filepath.Join(t.TempDir(), "workloads.yaml")
	if err := os.WriteFile(file, []byte(stream.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	r := runMeshctl(t, c.Kubeconfig, append([]string{"inject", "-f", file, "--report", "json"}, flags...)...)
	var reports []struct{ Outcome, Reason string }
	if err := json.NewDecoder(strings.NewReader(r.stderr)).Decode(&reports); err != nil || len(reports) != len(samples) {
		t.Fatalf("%d reports on %d workloads, %v in:\n%s", len(reports), len(samples), err, r.stderr)
	}
	objects, err := lab.ParseYAML([]byte(r.stdout))
	if err != nil {
		t.Fatalf("reading what meshctl has injected: %v", err)
	}
	for _, report := range reports {
		if report.Outcome == "failed" {
			injected, failures = append(injected, nil), append(failures, report.Reason)
			continue
		}
		injected, failures = append(injected, objects[0]), append(failures, "")
		objects = objects[1:]
	}
	return injected, failures
}

// makeServiceAccounts makes the account that an object's pods run as.
func makeServiceAccounts(t *testing.T, o *unstructured.Unstructured, cases ...*lab.Case) {
	t.Helper()
	name := podOf(t, o).Spec.ServiceAccountName
	if name == "" {
		return
	}
	for _, c := range cases {
		makeAccount(t, c, name)
	}
}

func makeAccount(t *testing.T, c *lab.Case, name string) {
	t.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
	_, err := c.Client.CoreV1().ServiceAccounts(c.Namespace).Create(c.Context(), account, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}
