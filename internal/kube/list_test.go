package kube_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/kube"
	"github.com/meshctl/meshctl/internal/kube/kubetest"
	"github.com/meshctl/meshctl/internal/resource"
)

var (
	pods            = schema.GroupKind{Kind: "Pod"}
	services        = schema.GroupKind{Kind: "Service"}
	virtualServices = schema.GroupKind{Group: "networking.istio.io", Kind: "VirtualService"}
	gateways        = schema.GroupKind{Group: "networking.istio.io", Kind: "Gateway"}
)

const mesh = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec: {hosts: [reviews]}
---
apiVersion: v1
kind: Service
metadata: {name: reviews, namespace: shop}
spec: {selector: {app: reviews}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: reviews, namespace: shop}
spec: {selector: {matchLabels: {app: reviews}, matchExpressions: [{key: version, operator: Exists}]}}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews-old, namespace: shop, labels: {app: reviews, version: v1}, creationTimestamp: "2026-01-01T00:00:00Z"}
status: {phase: Running, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews-starting, namespace: shop, labels: {app: reviews, version: v2}, creationTimestamp: "2026-01-03T00:00:00Z"}
status: {phase: Pending}
---
apiVersion: v1
kind: Pod
metadata: {name: reviews-new, namespace: shop, labels: {app: reviews, version: v2}, creationTimestamp: "2026-01-02T00:00:00Z"}
status: {phase: Running, conditions: [{type: Ready, status: "True"}]}
`

func keys(objects []*resource.Object) []string {
	var out []string
	for _, o := range objects {
		out = append(out, o.Key.String())
	}
	return out
}

func TestListReadsOnlyTheKindsAskedForAndReportsTheRest(t *testing.T) {
	s := kubetest.NewServer(t, mesh)
	s.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		return strings.HasSuffix(r.URL.Path, "/secrets") && refuse(403, "Forbidden", "secrets is forbidden")(w, r)
	})
	set, skipped, err := cluster(s).List(t.Context(), []schema.GroupKind{virtualServices, gateways, services, {Kind: "Secret"}}, kube.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"VirtualService shop/reviews", "Service shop/reviews"}
	if diff := cmp.Diff(want, keys(set.All())); diff != "" {
		t.Error(diff)
	}
	if len(skipped) != 2 || !errors.As(skipped[0].Err, new(kube.NotServedError)) || !strings.Contains(skipped[1].Err.Error(), "secrets is forbidden") {
		t.Errorf("skipped %v", skipped)
	}
	for _, r := range s.Requests() {
		if strings.Contains(r, "/pods") || strings.Contains(r, "/deployments") {
			t.Errorf("unasked request %s", r)
		}
	}
}

func TestListFailsWhenNothingIsAllowed(t *testing.T) {
	s := kubetest.NewServer(t, mesh)
	s.Fault(refuse(403, "Forbidden", "nothing for you"))
	_, _, err := cluster(s).List(t.Context(), []schema.GroupKind{pods, services}, kube.ListOptions{})
	var access *kube.AccessError
	if !errors.As(err, &access) || access.Reason != kube.Forbidden {
		t.Errorf("got %v", err)
	}
}

func manyPods(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "---\n{apiVersion: v1, kind: Pod, metadata: {name: p%04d, namespace: a, labels: {n: \"%d\"}}, spec: {nodeName: x}}\n", i, i%2)
	}
	return b.String()
}

func TestListReadsAllPages(t *testing.T) {
	s := kubetest.NewServer(t, manyPods(1203))
	set, _, err := cluster(s).List(t.Context(), []schema.GroupKind{pods}, kube.ListOptions{})
	if err != nil || set.Len() != 1203 {
		t.Fatalf("got %d objects, %v", set.Len(), err)
	}
	if n := len(s.Requests()); n != 3 {
		t.Errorf("%d requests: %q", n, s.Requests())
	}
	pod, err := resource.As[corev1.Pod](set.Get(pods, "a", "p0777"))
	if err != nil || pod.Spec.NodeName != "x" || pod.Kind != "Pod" {
		t.Errorf("got %+v, %v", pod, err)
	}
}

func TestListStartsAgainWhenItsPagesExpired(t *testing.T) {
	s := kubetest.NewServer(t, manyPods(600))
	s.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		return r.URL.Query().Has("continue") && refuse(410, "Expired", "too old")(w, r)
	})
	set, _, err := cluster(s).List(t.Context(), []schema.GroupKind{pods}, kube.ListOptions{})
	if err != nil || set.Len() != 600 {
		t.Fatalf("got %d objects, %v", set.Len(), err)
	}
}

func TestMetadataOnlyLeavesTheSpecAtTheServer(t *testing.T) {
	s := kubetest.NewServer(t, manyPods(4))
	set, _, err := cluster(s).List(t.Context(), []schema.GroupKind{pods}, kube.ListOptions{MetadataOnly: true, LabelSelector: "n=1"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Pod a/p0001", "Pod a/p0003"}, keys(set.Of(pods))); diff != "" {
		t.Error(diff)
	}
	if json := string(set.Of(pods)[0].JSON); strings.Contains(json, "nodeName") {
		t.Error(json)
	}
}

func TestPodsAreFoundByWhateverNamesThem(t *testing.T) {
	s := kubetest.NewServer(t, mesh)
	all := []string{"reviews-new", "reviews-old", "reviews-starting"}
	tests := []struct {
		what, namespace string
		want            []string
		err             string
	}{
		{"reviews-old", "shop", []string{"reviews-old"}, ""},
		{"reviews-old.shop", "default", []string{"reviews-old"}, ""},
		{"pod/reviews-old", "shop", []string{"reviews-old"}, ""},
		{"po/reviews-old.shop", "default", []string{"reviews-old"}, ""},
		{"deploy/reviews", "shop", all, ""},
		{"deployment.apps/reviews.shop", "default", all, ""},
		{"svc/reviews", "shop", all, ""},
		{"reviews", "shop", all, ""},
		{"reviews", "default", nil, `no pod found for "reviews" in namespace default`},
		{"pod/reviews", "shop", nil, `no pod found for "pod/reviews"`},
		{"nonsense/x", "shop", nil, `knows no type "nonsense"`},
		{"a/b/c", "shop", nil, "expected NAME"},
		{"", "shop", nil, "expected NAME"},
	}
	for _, tt := range tests {
		t.Run(tt.what+" in "+tt.namespace, func(t *testing.T) {
			found, err := cluster(s).ResolvePods(t.Context(), tt.namespace, tt.what)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, p := range found {
				names = append(names, p.Name)
			}
			if !slices.Equal(names, tt.want) {
				t.Errorf("got %v, want %v", names, tt.want)
			}
		})
	}
}
