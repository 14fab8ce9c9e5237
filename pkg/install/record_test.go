package install

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// installOn carries an installation out on a fake cluster, without waiting.
func installOn(t *testing.T, cluster *fakeCluster, c *Config) {
	t.Helper()
	rendering, err := Render(t.Context(), c, RenderOptions{Components: []string{"Pilot"}, Templates: []string{"configmap.yaml", "configmap-values.yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := MakePlan(t.Context(), cluster, c, rendering, PlanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), cluster, plan, RunOptions{NoWait: true}); err != nil {
		t.Fatal(err)
	}
}

// What was asked for can be read back, and asks for the same again.
func TestTheRecordGivesTheSameMesh(t *testing.T) {
	file := "kind: IstioOperator\nspec:\n  profile: minimal\n  meshConfig: {accessLogFile: /dev/stdout}\n  values: {pilot: {env: {A: \"1\"}}}\n"
	config, err := resolveYAML(t, file, "revision=next", "values.pilot.resources.requests.cpu=11m")
	if err != nil {
		t.Fatal(err)
	}
	cluster := clusterWith(t, "")
	installOn(t, cluster, config)
	state, err := ReadInstalledState(t.Context(), cluster, "next", "")
	if err != nil || state == nil {
		t.Fatalf("reading the record: %v, %v", state, err)
	}
	saved, err := ToYAML(state.Document)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(saved), "egressGateways") {
		t.Errorf("the record holds what only the profile says:\n%s", saved)
	}
	again, err := Resolve(Input{Files: []File{{Name: "saved.yaml", Data: saved}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(config.Tree(), again.Tree()); diff != "" {
		t.Errorf("the saved state comes to another mesh (-first +again):\n%s", diff)
	}
	if _, err := ReadInstalledState(t.Context(), cluster, "other", ""); err == nil || !strings.Contains(err.Error(), "on record are: next") {
		t.Errorf("an unknown revision: %v", err)
	}
}

// Operator documents with names of their own may share a revision.
func TestRecordsOfSeveralDocumentsAreKeptApart(t *testing.T) {
	cluster := clusterWith(t, "")
	for _, name := range []string{"a", "b"} {
		config, err := resolveYAML(t, "kind: IstioOperator\nmetadata: {name: "+name+"}\nspec: {profile: minimal}\n")
		if err != nil {
			t.Fatal(err)
		}
		installOn(t, cluster, config)
	}
	_, err := ReadInstalledState(t.Context(), cluster, "default", "")
	if err == nil || !strings.Contains(err.Error(), "document a") || !strings.Contains(err.Error(), "--name") {
		t.Errorf("without a name: %v", err)
	}
	state, err := ReadInstalledState(t.Context(), cluster, "default", "b")
	if err != nil || state.Name != "b" {
		t.Errorf("by name: %+v, %v", state, err)
	}
}

// An installation that was cut off leaves no record of itself.
func TestAnUnfinishedInstallationIsNotOnRecord(t *testing.T) {
	config, err := resolveYAML(t, "", "profile=minimal")
	if err != nil {
		t.Fatal(err)
	}
	rendering, err := Render(t.Context(), config, RenderOptions{Components: []string{"Pilot"}, Templates: []string{"deployment.yaml"}})
	if err != nil {
		t.Fatal(err)
	}
	cluster := clusterWith(t, "")
	plan, err := MakePlan(t.Context(), cluster, config, rendering, PlanOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = Run(ctx, cluster, plan, RunOptions{})
	if !errors.As(err, new(*NotReadyError)) {
		t.Fatalf("istiod got ready without a status: %v", err)
	}
	if state, err := ReadInstalledState(t.Context(), cluster, "default", ""); state != nil || err != nil {
		t.Errorf("on record: %+v, %v", state, err)
	}
}

// A mesh without a record is read from its Helm values and workloads.
func TestAStateIsDerivedFromHelmValues(t *testing.T) {
	cluster := clusterWith(t, oldMesh+`---
apiVersion: v1
kind: ConfigMap
metadata: {name: values, namespace: istio-system}
data: {original-values: '{"meshConfig": {"accessLogFile": "/dev/stdout"}}'}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: istio-cni-node, namespace: kube-system}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge, namespace: edge, labels: {operator.istio.io/component: IngressGateways, istio: edge, app: edge, other: x}}
`)
	state, err := DeriveState(t.Context(), cluster, "default")
	if err != nil {
		t.Fatal(err)
	}
	want := Values{
		"profile": "empty",
		"values":  Values{"meshConfig": Values{"accessLogFile": "/dev/stdout"}},
		"components": Values{
			"base": Values{"enabled": true}, "pilot": Values{"enabled": true},
			"cni":             Values{"enabled": true, "namespace": "kube-system"},
			"ingressGateways": []any{Values{"enabled": true, "name": "edge", "namespace": "edge", "label": Values{"app": "edge", "istio": "edge"}}},
		},
	}
	if diff := cmp.Diff(want, lookupMap(state.Document, "spec")); diff != "" {
		t.Error(diff)
	}
	if _, err := DeriveState(t.Context(), cluster, "nosuch"); err == nil || !strings.Contains(err.Error(), "it has: default") {
		t.Errorf("an unknown revision: %v", err)
	}
}
