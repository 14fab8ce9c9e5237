package analyze

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/google/go-cmp/cmp"
	"istio.io/api/annotation"

	"github.com/meshctl/meshctl/internal/resource"
)

// carriers are the kinds whose annotations are looked at, and the template of
// a Deployment, which makes pods.
const carriers = `
{apiVersion: v1, kind: Namespace, metadata: {name: a, annotations: {"NAME": "VALUE"}}}
---
{apiVersion: v1, kind: Service, metadata: {name: a, namespace: a, annotations: {"NAME": "VALUE"}}, spec: {ports: [{name: http, port: 80}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: a, annotations: {"NAME": "VALUE"}}, spec: {containers: [{name: a, image: a}]}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, namespace: a, annotations: {"NAME": "VALUE"}}, spec: {template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: a}]}}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: template, namespace: a}, spec: {template: {metadata: {labels: {app: b}, annotations: {"NAME": "VALUE"}}, spec: {containers: [{name: a, image: a}]}}}}
`

// The table says of each annotation that Istio knows, and of some that it does
// not, what is found where it stands. It has been compared with what Istio's
// own annotations.K8sAnalyzer of 1.31 says of Namespaces, Services, Pods and
// Deployments; templates it does not look at.
func TestAnnotationsByPlace(t *testing.T) {
	names := []string{"istio.io/use-waypoint", "sidecar.istio.io/injekt", "example.com/istio.io", "policy.istio.io/check"}
	for _, a := range annotation.AllResourceAnnotations() {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ANNOTATION\tNAMESPACE\tSERVICE\tPOD\tDEPLOYMENT\tTEMPLATE")
	for _, name := range names {
		row := name
		objects, _ := resource.Parse("a.yaml", []byte(strings.NewReplacer("NAME", name, "VALUE", goodValue(name)).Replace(carriers)))
		findings := annotationsOfWorkloads().Run(NewMesh(resource.NewSet(objects...), Settings{Scope: Whole}))
		for _, o := range objects {
			var codes []string
			for _, f := range findings {
				if f.Object == o {
					codes = append(codes, f.Code)
				}
			}
			row += "\t" + strings.Join(append(codes, "-")[:max(1, len(codes))], " ")
		}
		fmt.Fprintln(w, row)
	}
	w.Flush()
	const golden = "testdata/annotations.txt"
	if *update {
		if err := os.WriteFile(golden, table.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), table.String()); diff != "" {
		t.Errorf("%s (-update writes it anew):\n%s", golden, diff)
	}
}

// goodValue is a value that says nothing wrong.
func goodValue(name string) string {
	switch name {
	case annotation.SidecarInterceptionMode.Name:
		return "REDIRECT"
	case annotation.PrometheusMergeMetrics.Name:
		return "true"
	case annotation.ProxyConfig.Name:
		return "{}"
	case annotation.SidecarProxyCPU.Name, annotation.SidecarProxyCPULimit.Name, annotation.SidecarProxyMemory.Name, annotation.SidecarProxyMemoryLimit.Name:
		return "100Mi"
	case annotation.SidecarTrafficExcludeOutboundIPRanges.Name, annotation.SidecarTrafficIncludeOutboundIPRanges.Name:
		return "10.0.0.0/8"
	case annotation.SidecarTrafficExcludeInterfaces.Name, annotation.SidecarTrafficKubevirtInterfaces.Name, annotation.IoIstioRerouteVirtualInterfaces.Name:
		return "eth0"
	}
	return "80"
}
