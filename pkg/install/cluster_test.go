package install

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// fakeCluster holds objects and takes what is applied as it is. What matters of
// an API server beyond that is tested on the lab.
type fakeCluster struct {
	mu       sync.Mutex
	objects  map[resource.Key]*resource.Object
	deleted  []string
	conflict *apierrors.StatusError // the answer to an apply without force
}

func clusterWith(t *testing.T, manifests string) *fakeCluster {
	t.Helper()
	objects, problems := resource.Parse("test", []byte(manifests))
	if len(problems) > 0 {
		t.Fatal(problems[0])
	}
	c := &fakeCluster{objects: map[resource.Key]*resource.Object{}}
	for _, o := range objects {
		c.objects[o.Key] = o
	}
	return c
}

func (c *fakeCluster) Get(_ context.Context, kind schema.GroupKind, namespace, name string) (*resource.Object, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o, ok := c.objects[resource.Key{GroupKind: kind, Namespace: namespace, Name: name}]; ok {
		return o, nil
	}
	return nil, apierrors.NewNotFound(schema.GroupResource{Group: kind.Group, Resource: kind.Kind}, name)
}

func (c *fakeCluster) List(_ context.Context, kinds []schema.GroupKind, selector string) ([]*resource.Object, error) {
	parsed, err := labels.Parse(selector)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []*resource.Object
	for _, kind := range kinds {
		for key, o := range c.objects {
			if key.GroupKind == kind && parsed.Matches(labels.Set(o.Labels)) {
				found = append(found, o)
			}
		}
	}
	return found, nil
}

func (c *fakeCluster) Contents(_ context.Context, namespace string) ([]*resource.Object, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []*resource.Object
	for key, o := range c.objects {
		if key.Namespace == namespace {
			found = append(found, o)
		}
	}
	return found, nil
}

func (c *fakeCluster) Apply(_ context.Context, content map[string]any, o ApplyOptions) (*resource.Object, error) {
	if c.conflict != nil && !o.Force {
		return nil, c.conflict
	}
	data, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	objects, problems := resource.Parse("", data)
	if len(problems) > 0 {
		return nil, problems[0]
	}
	if !o.DryRun {
		c.mu.Lock()
		c.objects[objects[0].Key] = objects[0]
		c.mu.Unlock()
	}
	return objects[0], nil
}

func (c *fakeCluster) Delete(_ context.Context, kind schema.GroupKind, namespace, name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := resource.Key{GroupKind: kind, Namespace: namespace, Name: name}
	delete(c.objects, key)
	c.deleted = append(c.deleted, key.String())
	return nil
}

func TestConflictsNameManagerAndField(t *testing.T) {
	cluster := clusterWith(t, "{apiVersion: v1, kind: Namespace, metadata: {name: istio-system, labels: {a: theirs}}}")
	cluster.conflict = &apierrors.StatusError{ErrStatus: metav1.Status{
		Code: http.StatusConflict, Reason: metav1.StatusReasonConflict,
		Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{
			Type: metav1.CauseTypeFieldManagerConflict, Field: ".metadata.labels.a",
			Message: `conflict with "kubectl-edit" using v1 at 2026-01-01`,
		}}},
	}}
	config, err := resolveYAML(t, "", "profile=empty")
	if err != nil {
		t.Fatal(err)
	}
	plan, err := MakePlan(t.Context(), cluster, config, &Rendering{}, PlanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Run(t.Context(), cluster, plan, RunOptions{})
	var conflict *ConflictError
	if !errors.As(err, &conflict) {
		t.Fatalf("got %v", err)
	}
	want := []Conflict{{Object: "Namespace istio-system", Manager: "kubectl-edit", Field: "metadata.labels.a"}}
	if diff := cmp.Diff(want, conflict.Conflicts); diff != "" {
		t.Error(diff)
	}
	if _, err := Run(t.Context(), cluster, plan, RunOptions{ForceConflicts: true, NoWait: true}); err != nil {
		t.Errorf("by force: %v", err)
	}
}

// What is applied before what, and that a webhook never waits for nobody.
func TestStages(t *testing.T) {
	rendering := renderYAML(t, "", "profile=ambient", "components.ingressGateways[0].name=istio-ingressgateway")
	var steps []Step
	for _, o := range rendering.Objects {
		steps = append(steps, Step{ObjectChange: newChange(Create, o, nil)})
	}
	at := map[string]int{}
	count := 0
	for n, s := range stages(steps) {
		for _, step := range s.steps {
			at[step.ID()] = n
			count++
		}
	}
	if count != len(steps) {
		t.Errorf("%d of %d steps are in a stage", count, len(steps))
	}
	order := []string{
		"CustomResourceDefinition gateways.networking.istio.io", "ServiceAccount istio-system/istiod",
		"ClusterRoleBinding istiod-clusterrole-istio-system", "Deployment istio-system/istiod",
		"MutatingWebhookConfiguration istio-sidecar-injector", "Deployment istio-system/istio-ingressgateway",
	}
	for i := 1; i < len(order); i++ {
		if at[order[i-1]] >= at[order[i]] {
			t.Errorf("%s (stage %d) is not before %s (stage %d)", order[i-1], at[order[i-1]], order[i], at[order[i]])
		}
	}
}

const oldMesh = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod, namespace: istio-system, labels: {app: istiod, istio.io/rev: default, operator.istio.io/version: 1.31.1}}
spec: {template: {spec: {containers: [{name: discovery, image: "docker.io/istio/pilot:1.31.1"}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: istiod, namespace: istio-system}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: old, namespace: istio-system, labels: {operator.istio.io/managed: Reconcile, operator.istio.io/component: Pilot, istio.io/rev: default, operator.istio.io/version: 1.20.0}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: gone, namespace: istio-system, labels: {operator.istio.io/managed: Reconcile, operator.istio.io/component: Pilot, istio.io/rev: 1-20}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: shared, namespace: istio-system, labels: {operator.istio.io/managed: Reconcile, operator.istio.io/component: Base, istio.io/rev: 1-20}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio-ca-root-cert, namespace: shop}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: dead, labels: {istio.io/rev: 1-20}}
webhooks: [{name: v, clientConfig: {service: {name: istiod-1-20, namespace: istio-system}}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: foreign}
webhooks: [{name: v, clientConfig: {service: {name: other, namespace: other}}}]
`

func TestLeftovers(t *testing.T) {
	left, err := FindLeftovers(t.Context(), clusterWith(t, oldMesh))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, l := range left {
		got[l.ID()] = l.Reason
	}
	want := map[string]string{
		"ConfigMap istio-system/old":          "it is of version 1.20.0, but revision default was installed again with another version without it",
		"ConfigMap istio-system/gone":         "revision 1-20 has no control plane",
		"ValidatingWebhookConfiguration dead": "it sends requests to Service istio-system/istiod-1-20, which does not exist",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUpgradeStepsThatAreTooFar(t *testing.T) {
	for _, test := range []struct{ from, to, want string }{
		{"1.31.0", "1.31.1", ""},
		{"1.29.4-distroless", "1.31.1", ""},
		{"1.28.0", "1.31.1", "too far for one step"},
		{"1.32.0", "1.31.1", "go back"},
		{"latest", "1.31.1", ""},
	} {
		result := versionStep("Deployment x", test.from, test.to)
		switch {
		case test.want == "" && result != nil:
			t.Errorf("%s to %s: %s", test.from, test.to, result.Message)
		case test.want != "" && (result == nil || !strings.Contains(result.Message, test.want)):
			t.Errorf("%s to %s: got %+v, want %q", test.from, test.to, result, test.want)
		}
	}
}

func TestProxySkew(t *testing.T) {
	istiod := &Object{content: map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
		"containers": []any{map[string]any{"name": "discovery", "image": "docker.io/istio/pilot:1.31.1"}},
	}}}}}
	for image, want := range map[string]Status{
		"docker.io/istio/proxyv2:1.31.1": "",
		"docker.io/istio/proxyv2:1.30.0": Warn,
		"docker.io/istio/proxyv2:1.27.0": Fail,
		"docker.io/istio/proxyv2:1.32.0": Fail,
	} {
		var got Status
		if result := proxySkew(Proxy{Image: image}, istiod); result != nil {
			got = result.Status
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", image, got, want)
		}
	}
}

func TestWhatIsWaitedFor(t *testing.T) {
	tests := []struct{ name, object, want string }{
		{"nothing observed yet", "kind: Deployment\nmetadata: {generation: 2}\nstatus: {observedGeneration: 1}", "not picked up"},
		{"old pods only", "kind: Deployment\nspec: {replicas: 2}\nstatus: {replicas: 2, updatedReplicas: 1}", "1 of 2 pods have the new version"},
		{"not available", "kind: Deployment\nspec: {replicas: 1}\nstatus: {replicas: 1, updatedReplicas: 1}", "0 of 1 pods are available"},
		{"old pods linger", "kind: Deployment\nspec: {replicas: 1}\nstatus: {replicas: 2, updatedReplicas: 1, availableReplicas: 1}", "1 old pods"},
		{"scaled to nothing", "kind: Deployment\nspec: {replicas: 0}\nstatus: {}", ""},
		{"a daemon on each node", "kind: DaemonSet\nstatus: {desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2}", ""},
		{"a CRD", "kind: CustomResourceDefinition\nstatus: {conditions: [{type: Established, status: 'False'}]}", "not established"},
	}
	for _, test := range tests {
		content, err := decodeObject(test.object)
		if err != nil {
			t.Fatal(err)
		}
		if got := waitingFor(content); got != test.want && !(test.want != "" && strings.Contains(got, test.want)) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestDetectedSettingsLoseAgainstTheUser(t *testing.T) {
	in := Input{Profile: "ambient", Detected: Detect("v1.34.1-gke.100")}
	config, err := Resolve(in)
	if err != nil || lookupString(config.tree, "spec", "components", "cni", "namespace") != "kube-system" {
		t.Errorf("not set: %v", err)
	}
	in.Settings = []Setting{{Text: "components.cni.namespace=mine"}}
	if config, err = Resolve(in); err != nil || lookupString(config.tree, "spec", "components", "cni", "namespace") != "mine" {
		t.Errorf("the user does not win: %v", err)
	}
	if Detect("v1.34.1") != nil {
		t.Error("something is detected in a plain version")
	}
}

func TestCertificatesAreWarnedOf(t *testing.T) {
	if _, err := bundleExpiry("!"); err == nil {
		t.Error("no error for bad base64")
	}
	if _, err := bundleExpiry("bm90aGluZw=="); err == nil {
		t.Error("no error for text without a certificate")
	}
	hook := &Object{Kind: "ValidatingWebhookConfiguration", Name: "w", content: map[string]any{
		"webhooks": []any{map[string]any{"clientConfig": map[string]any{"service": map[string]any{"name": "istiod", "namespace": "istio-system"}}}},
	}}
	found := webhookProblems(hook, map[string]bool{"istio-system/istiod": true}, time.Now())
	if len(found) != 1 || !strings.Contains(found[0].Message, "no CA bundle") {
		t.Errorf("got %+v", found)
	}
}
