package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/meshctl/meshctl/test/lab"
)

const (
	largeServices = 1400 // with four objects of the mesh each
	foreignEach   = 5000 // ConfigMaps and Secrets that are nobody's business
)

// largeService is a Service with what a mesh has for it. The second gateway is
// the one mistake of each hundredth.
func largeService(i int) string {
	gateways := ""
	if i%100 == 0 {
		gateways = "gateways: [mesh, absent],"
	}
	return fmt.Sprintf(`
{apiVersion: v1, kind: Service, metadata: {name: svc-%[1]d}, spec: {selector: {app: svc-%[1]d}, ports: [{name: http, port: 8080}]}}
---
{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: svc-%[1]d}, spec: {hosts: [svc-%[1]d], %[2]s http: [{timeout: 5s, route: [{destination: {host: svc-%[1]d}}]}]}}
---
{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: svc-%[1]d}, spec: {host: svc-%[1]d, trafficPolicy: {connectionPool: {tcp: {maxConnections: 100}}}}}
---
{apiVersion: networking.istio.io/v1, kind: Sidecar, metadata: {name: svc-%[1]d}, spec: {workloadSelector: {labels: {app: svc-%[1]d}}, egress: [{hosts: ["./*"]}]}}
---
{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: svc-%[1]d}, spec: {selector: {matchLabels: {app: svc-%[1]d}}, rules: [{to: [{operation: {methods: [GET]}}]}]}}
`, i, gateways)
}

// A cluster with 7,000 objects of the mesh is read in few requests, and thousands
// of other objects in it change nothing.
func TestAnalyzeOfALargeCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("creating 17,000 objects takes a minute")
	}
	l := ownLab(t, lab.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	manifests, err := exec.CommandContext(ctx, meshctl, "manifest", "generate", "--set", "components.pilot.enabled=false", "--set", "profile=minimal").Output()
	if err != nil {
		t.Fatal(err)
	}
	var definitions []string // nobody has to watch the objects
	for _, doc := range strings.Split(string(manifests), "\n---") {
		if strings.Contains(doc, "kind: CustomResourceDefinition") {
			definitions = append(definitions, doc)
		}
	}
	apply(t, ctx, l, 1, func(int) string { return strings.Join(definitions, "\n---\n") })
	apply(t, ctx, l, largeServices, largeService)
	door, err := l.NewDoor()
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	before, requests := analyzeLarge(t, ctx, l, door)
	apply(t, ctx, l, foreignEach, func(i int) string {
		filler := strings.Repeat("x", 2000)
		return fmt.Sprintf("{apiVersion: v1, kind: ConfigMap, metadata: {name: c-%[1]d}, data: {a: %[2]s}}\n---\n{apiVersion: v1, kind: Secret, metadata: {name: s-%[1]d}, stringData: {a: %[2]s}}", i, filler)
	})
	after, requestsAfter := analyzeLarge(t, ctx, l, door)
	if before != after {
		t.Error("objects that are nobody's business change the result")
	}
	if requests != requestsAfter {
		t.Errorf("%d requests before, %d after", requests, requestsAfter)
	}
	if found := strings.Count(before, "IST0101"); found < largeServices/100 {
		t.Errorf("%d mistakes found\n%s", found, before)
	}
}

// apply creates many objects.
func apply(t *testing.T, ctx context.Context, l *lab.Lab, n int, object func(int) string) {
	t.Helper()
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(16)
	for i := range n {
		work.Go(func() error { return l.Apply(ctx, "default", []byte(object(i))) })
	}
	if err := work.Wait(); err != nil {
		t.Fatal(err)
	}
}

// analyzeLarge gives the output of a run and the number of its requests.
func analyzeLarge(t *testing.T, ctx context.Context, l *lab.Lab, door *lab.Door) (output string, requests int) {
	t.Helper()
	asked := len(door.Requests())
	counted, err := command(ctx, door.Kubeconfig, "analyze", "-A", "-o", "json").Output()
	requests = len(door.Requests()) - asked

	cmd := command(ctx, l.Kubeconfig, "analyze", "-A", "-o", "json")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	_ = cmd.Run()
	took := time.Since(start)
	if code := cmd.ProcessState.ExitCode(); code != 3 || stdout.String() != string(counted) {
		t.Fatalf("exit code %d, %v\n%s", code, err, &stderr)
	}
	t.Logf("%s, CPU %s, %d requests", took.Round(time.Millisecond), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), requests)
	return stdout.String(), requests
}
