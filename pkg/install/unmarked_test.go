package install

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A mesh made from the charts without an installer's marks goes as a whole, and
// what only looks like it stays.
func TestPurgeTakesWhatChartsMade(t *testing.T) {
	rendering := renderYAML(t, "", "profile=minimal")
	var manifests []string
	for _, o := range rendering.Objects {
		text, err := o.YAML()
		if err != nil {
			t.Fatal(err)
		}
		manifests = append(manifests, string(text))
	}
	manifests = append(manifests,
		"{apiVersion: v1, kind: ServiceAccount, metadata: {name: kiali, namespace: istio-system, labels: {app.kubernetes.io/part-of: kiali}}}",
		"{apiVersion: v1, kind: ConfigMap, metadata: {name: mine, namespace: shop}}",
		`{apiVersion: v1, kind: Service, metadata: {name: edge, namespace: shop, labels: {app.kubernetes.io/part-of: istio},
		  annotations: {meta.helm.sh/release-name: edge, meta.helm.sh/release-namespace: shop}}}`)
	cluster := clusterWith(t, strings.Join(manifests, "\n---\n"))
	for _, test := range []struct {
		options UninstallOptions
		stay    []string
	}{
		{UninstallOptions{Purge: true, IncludeCRDs: true}, []string{"ConfigMap shop/mine", "ServiceAccount istio-system/kiali"}},
		{UninstallOptions{Purge: true}, []string{"ConfigMap shop/mine", "CustomResourceDefinition", "ServiceAccount istio-system/kiali"}},
	} {
		removal, err := FindInstalled(t.Context(), cluster, test.options)
		if err != nil {
			t.Fatal(err)
		}
		going := map[string]bool{}
		for _, o := range removal.All() {
			going[o.key()] = true
		}
		stay := map[string]bool{}
		for _, live := range cluster.objects {
			o, err := liveObject(live)
			if err != nil {
				t.Fatal(err)
			}
			if id := o.ID(); !going[o.key()] {
				if o.Kind == "CustomResourceDefinition" {
					id = o.Kind
				}
				stay[id] = true
			}
		}
		if diff := cmp.Diff(test.stay, sortedKeys(stay)); diff != "" {
			t.Errorf("%+v: what stays: %s", test.options, diff)
		}
		if diff := cmp.Diff([]string{"shop/edge"}, removal.Releases); diff != "" {
			t.Errorf("releases: %s", diff)
		}
		if reason := removal.Reasons["Service shop/edge"]; !strings.Contains(reason, "Helm's release shop/edge") {
			t.Errorf("reason: %q", reason)
		}
	}
}

// A tag goes with a mesh that is purged, so it is nobody who would be left alone.
func TestTagsDoNotHoldUpAPurge(t *testing.T) {
	cluster := clusterWith(t, `
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod, namespace: istio-system, labels: {app: istiod, istio.io/rev: default}}
spec: {template: {spec: {containers: [{name: discovery, image: "docker.io/istio/pilot:1.31.1"}]}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: istio-revision-tag-prod, labels: {app: sidecar-injector, istio.io/rev: default, istio.io/tag: prod}}
webhooks: [{name: rev.namespace.sidecar-injector.istio.io, clientConfig: {service: {name: istiod, namespace: istio-system}}}]
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/rev: prod}}
`)
	removal, err := FindInstalled(t.Context(), cluster, UninstallOptions{Purge: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"namespace shop"}, removal.Users); diff != "" {
		t.Errorf("users: %s", diff)
	}
	removal, err = FindInstalled(t.Context(), cluster, UninstallOptions{Revision: "default"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"tag prod", "namespace shop"}, removal.Users); diff != "" {
		t.Errorf("users of one revision: %s", diff)
	}
}
