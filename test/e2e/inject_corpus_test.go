package e2e

import (
	"crypto/sha256"
	"encoding/json"
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
	compared := 0
	for _, file := range corpusInputs(t) {
		name := filepath.Base(filepath.Dir(file))
		for _, object := range workloadsOf(t, file) {
			object.SetNamespace(c.Namespace)
			makeServiceAccounts(t, object, c, plain)
			byWebhook, webhookErr := try(t, c, podOf(t, object))
			if apierrors.IsInvalid(webhookErr) {
				continue // no pod that an API server takes
			}
			defaulted := withDefaults(t, plain, object)
			defaulted.SetNamespace(c.Namespace)
			injected, injectErr := injectOne(t, c, defaulted)
			if webhookErr != nil || injectErr != "" {
				if (webhookErr != nil) != (injectErr != "") {
					t.Errorf("%s: %s %s: the webhook says %v, meshctl says %q", name, object.GetKind(), object.GetName(), webhookErr, injectErr)
				}
				continue
			}
			pod := podOf(t, injected)
			byMeshctl, err := try(t, plain, pod)
			if err != nil {
				t.Errorf("%s: %s %s: the API server does not take what meshctl injects: %v", name, object.GetKind(), object.GetName(), err)
				continue
			}
			compared++
			if diff := cmp.Diff(comparable(t, byWebhook), comparable(t, byMeshctl)); diff != "" {
				t.Errorf("%s: %s %s by the webhook (-) and by meshctl (+):\n%s", name, object.GetKind(), object.GetName(), diff)
			}
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
	config, err := mesh.Config()
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

// injectOne runs meshctl on one object with the cluster's configuration.
func injectOne(t *testing.T, c *lab.Case, o *unstructured.Unstructured) (*unstructured.Unstructured, string) {
	t.Helper()
	text, err := yaml.Marshal(o.Object)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "workload.yaml")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	r := runMeshctl(t, c.Kubeconfig, "inject", "-f", file, "--revision", "default")
	if r.code != 0 {
		return nil, r.stderr
	}
	objects, err := lab.ParseYAML([]byte(r.stdout))
	if err != nil || len(objects) != 1 {
		t.Fatalf("%d objects, %v in:\n%s", len(objects), err, r.stdout)
	}
	return objects[0], ""
}

// makeServiceAccounts makes the account that an object's pods run as.
func makeServiceAccounts(t *testing.T, o *unstructured.Unstructured, cases ...*lab.Case) {
	t.Helper()
	name := podOf(t, o).Spec.ServiceAccountName
	if name == "" {
		return
	}
	for _, c := range cases {
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
		_, err := c.Client.CoreV1().ServiceAccounts(c.Namespace).Create(c.Context(), account, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			t.Fatal(err)
		}
	}
}
