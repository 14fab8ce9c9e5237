package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/test/lab"
)

// What meshctl puts into samples/shop runs, and is what istiod's webhook would
// have put there.
func TestInjectGivesWhatTheWebhookGives(t *testing.T) {
	c := mesh.In(t)
	files, err := filepath.Glob("../../samples/shop/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(t.TempDir(), "shop.yaml")
	if err := os.WriteFile(plain, workloadsIn(t, c.Namespace, files), 0o644); err != nil {
		t.Fatal(err)
	}
	injected := mustMeshctl(t, c.Kubeconfig, "inject", "-f", plain)

	// As long as the webhook is away, nothing but meshctl has had its hands on the pods.
	restore := removeWebhooks(t, c)
	c.Apply(injected)
	c.WaitForRollouts()
	byMeshctl := podsByWorkload(t, c)

	restore()
	label := []byte(`{"metadata":{"labels":{"istio-injection":"enabled"}}}`)
	if _, err := c.Client.CoreV1().Namespaces().Patch(c.Context(), c.Namespace, types.MergePatchType, label, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	c.WaitForInjection()
	original, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	c.Apply(string(original))
	c.WaitForRollouts()
	byWebhook := podsByWorkload(t, c)

	if len(byWebhook) < 5 {
		t.Fatalf("only %d workloads run", len(byWebhook))
	}
	if diff := cmp.Diff(byWebhook, byMeshctl); diff != "" {
		t.Errorf("pods by the webhook (-) and by meshctl (+) differ:\n%s", diff)
	}
}

// workloadsIn returns the Deployments of files with what they need to run, moved
// to one namespace.
func workloadsIn(t *testing.T, namespace string, files []string) []byte {
	t.Helper()
	var out []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		objects, err := lab.ParseYAML(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, object := range objects {
			if !slices.Contains([]string{"Deployment", "Service", "ServiceAccount"}, object.GetKind()) {
				continue
			}
			object.SetNamespace(namespace)
			text, err := yaml.Marshal(object.Object)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, string(text))
		}
	}
	return []byte(strings.Join(out, "---\n"))
}

// removeWebhooks takes the injection webhooks away until the returned function
// is called.
func removeWebhooks(t *testing.T, c *lab.Case) (restore func()) {
	t.Helper()
	webhooks := c.Client.AdmissionregistrationV1().MutatingWebhookConfigurations()
	list, err := webhooks.List(c.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	restored := false
	restore = func() {
		if restored {
			return
		}
		restored = true
		ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
		defer cancel()
		for _, webhook := range list.Items {
			webhook.ObjectMeta = metav1.ObjectMeta{Name: webhook.Name, Labels: webhook.Labels, Annotations: webhook.Annotations}
			if _, err := webhooks.Create(ctx, &webhook, metav1.CreateOptions{}); err != nil {
				t.Errorf("restoring the webhooks: %v", err)
			}
		}
		if err := c.WaitForWebhooks(ctx); err != nil {
			t.Errorf("restoring the webhooks: %v", err)
		}
	}
	t.Cleanup(restore)
	for _, webhook := range list.Items {
		if err := webhooks.Delete(c.Context(), webhook.Name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	return restore
}

// podsByWorkload returns one pod of each Deployment, by its name, without what
// legitimately differs between two pods.
func podsByWorkload(t *testing.T, c *lab.Case) map[string]map[string]any {
	t.Helper()
	deployments, err := c.Client.AppsV1().Deployments(c.Namespace).List(c.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]map[string]any{}
	for _, d := range deployments.Items {
		pods, err := c.Client.CoreV1().Pods(c.Namespace).List(c.Context(), metav1.ListOptions{LabelSelector: metav1.FormatLabelSelector(d.Spec.Selector)})
		if err != nil {
			t.Fatal(err)
		}
		for i := range pods.Items {
			if pods.Items[i].DeletionTimestamp == nil {
				found[d.Name] = comparable(t, &pods.Items[i])
			}
		}
	}
	return found
}

// comparable returns a pod's metadata and spec without the fields in which two
// pods of one workload differ, whoever injected them:
//
//   - metadata.name, generateName, uid, resourceVersion, creationTimestamp,
//     ownerReferences, managedFields, generation: each pod has its own;
//   - label pod-template-hash: it is made of the template, and the template of
//     a workload that meshctl has injected holds the proxy already;
//   - the name of the volume kube-api-access-XXXXX, which the API server adds;
//   - the annotation with which the lab makes pods Ready.
//
// Inside strings, JSON is compared as a structure: ISTIO_META_POD_PORTS,
// PROXY_CONFIG, ISTIO_KUBE_APP_PROBERS and the annotations for status and
// overrides are JSON. Ports, probers and overrides repeat fields of the pod's
// own containers. The webhook sees these with the API server's defaults filled
// in, meshctl as they stand in the file; see defaulted and dropDefaults.
func comparable(t *testing.T, pod *corev1.Pod) map[string]any {
	t.Helper()
	labels, annotations := map[string]any{}, map[string]any{}
	for k, v := range pod.Labels {
		if k != "pod-template-hash" {
			labels[k] = v
		}
	}
	for k, v := range pod.Annotations {
		if !strings.HasPrefix(k, "lab.meshctl/") {
			annotations[k] = parsed(v)
		}
		if k == "proxy.istio.io/overrides" {
			dropDefaults(annotations[k])
		}
	}
	encoded, err := json.Marshal(pod.Spec)
	if err != nil {
		t.Fatal(err)
	}
	encoded = regexp.MustCompile(`kube-api-access-[a-z0-9]{5}`).ReplaceAll(encoded, []byte("kube-api-access"))
	var spec map[string]any
	if err := json.Unmarshal(encoded, &spec); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{"containers", "initContainers"} {
		containers, _, err := unstructured.NestedSlice(spec, list)
		if err != nil {
			t.Fatal(err)
		}
		named := map[string]any{}
		for position, container := range containers {
			container, ok := container.(map[string]any)
			if !ok {
				t.Fatalf("%s holds %T", list, container)
			}
			env, _ := container["env"].([]any)
			for _, variable := range env {
				if variable, ok := variable.(map[string]any); ok {
					if text, ok := variable["value"].(string); ok {
						variable["value"] = defaulted(variable["name"], parsed(text))
					}
				}
			}
			named[fmt.Sprintf("%d %s", position, container["name"])] = container
		}
		spec[list] = named
	}
	return map[string]any{"labels": labels, "annotations": annotations, "spec": spec}
}

// defaulted fills in what the API server fills in before the webhook sees a pod:
// protocol TCP of a port; scheme HTTP and a timeout of 1 s of a probe.
func defaulted(variable any, value any) any {
	fill := func(into any, field string, fallback any) {
		if object, ok := into.(map[string]any); ok && object[field] == nil {
			object[field] = fallback
		}
	}
	switch variable {
	case "ISTIO_META_POD_PORTS":
		ports, _ := value.([]any)
		for _, port := range ports {
			fill(port, "protocol", "TCP")
		}
	case "ISTIO_KUBE_APP_PROBERS":
		probes, _ := value.(map[string]any)
		for _, probe := range probes {
			fill(probe, "timeoutSeconds", 1.0)
			if probe, ok := probe.(map[string]any); ok && probe["httpGet"] != nil {
				fill(probe["httpGet"], "scheme", "HTTP")
			}
		}
	}
	return value
}

// dropDefaults takes out of the overrides what the API server has filled into
// the user's own proxy container before the webhook sees it.
func dropDefaults(overrides any) {
	object, _ := overrides.(map[string]any)
	containers, _ := object["containers"].([]any)
	native, _ := object["initContainers"].([]any)
	for _, container := range slices.Concat(containers, native) {
		container, ok := container.(map[string]any)
		if !ok {
			continue
		}
		for field, value := range map[string]any{
			"imagePullPolicy":          "IfNotPresent",
			"terminationMessagePath":   "/dev/termination-log",
			"terminationMessagePolicy": "File",
		} {
			if container[field] == value {
				delete(container, field)
			}
		}
		mounts, _ := container["volumeMounts"].([]any)
		mounts = slices.DeleteFunc(mounts, func(mount any) bool {
			mounted, _ := mount.(map[string]any)
			name, _ := mounted["name"].(string)
			return strings.HasPrefix(name, "kube-api-access-")
		})
		container["volumeMounts"] = mounts
		if len(mounts) == 0 {
			delete(container, "volumeMounts")
		}
	}
}

// parsed returns what a string holds if that is a JSON object or list.
func parsed(text string) any {
	var value any
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		if json.Unmarshal([]byte(text), &value) == nil {
			return value
		}
	}
	return text
}
