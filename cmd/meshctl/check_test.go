package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
	"github.com/meshctl/meshctl/pkg/install"
)

// smallMesh is a control plane and four injected pods.
const smallMesh = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: istiod, namespace: istio-system, generation: 1, labels: {app: istiod}}
spec: {replicas: 1, template: {spec: {containers: [{name: discovery, image: "docker.io/istio/pilot:1.31.1"}]}}}
status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1}
---
apiVersion: v1
kind: Pod
metadata: {name: istiod-0, namespace: istio-system, labels: {app: istiod}}
status: {phase: Running}
`

func meshPod(name, version string) string {
	return fmt.Sprintf(`---
apiVersion: v1
kind: Pod
metadata: {name: %s, namespace: shop, annotations: {sidecar.istio.io/status: '{"revision":"default"}', istio.io/rev: default}}
spec: {containers: [{name: istio-proxy, image: "docker.io/istio/proxyv2:%s"}]}
status: {phase: Running, conditions: [{type: Ready, status: "True"}]}
`, name, version)
}

// answering serves the same text on each path.
func answering(t *testing.T, text string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }))
	t.Cleanup(server.Close)
	return server.URL
}

// certificates is what Envoy's /certs answers.
func certificates(expires time.Time) string {
	return fmt.Sprintf(`{"certificates": [{"ca_cert": [], "cert_chain": [{"serial_number": "1",
		"subject_alt_names": [{"uri": "spiffe://cluster.local/ns/shop/sa/web"}], "expiration_time": %q}]}]}`, expires.Format(time.RFC3339))
}

func syncz(now time.Time, proxies ...string) string {
	var all []string
	for _, p := range proxies {
		name, state, _ := strings.Cut(p, "=")
		resource := `{"sent": "1", "acked": "1", "sentTime": "` + now.Add(-time.Hour).Format(time.RFC3339) + `"}`
		switch state {
		case "stale":
			resource = strings.Replace(resource, `"acked": "1"`, `"acked": "0"`, 1)
		case "rejects":
			resource = strings.Replace(resource, `"acked": "1"`, `"acked": "0", "lastError": "no such filter"`, 1)
		}
		all = append(all, fmt.Sprintf(`{"proxy": %q, "resources": {"type.googleapis.com/envoy.config.listener.v3.Listener": %s}}`, name, resource))
	}
	return "[" + strings.Join(all, ",") + "]"
}

// unhealthyMesh has something wrong with each of its proxies but one.
func unhealthyMesh(t *testing.T, now time.Time) *kubetest.Server {
	t.Helper()
	server := allowing(t, smallMesh,
		meshPod("fine", "1.31.1"), meshPod("old", "1.27.0"), meshPod("expired", "1.31.1"), meshPod("silent", "1.31.1"), meshPod("rejecting", "1.30.0"))
	server.Forward("istio-system", "istiod-0", 15014, answering(t, syncz(now, "fine.shop", "old.shop=stale", "expired.shop", "rejecting.shop=rejects")))
	for _, pod := range []string{"fine", "old", "rejecting"} {
		server.Forward("shop", pod, 15000, answering(t, certificates(now.Add(20*time.Hour))))
	}
	server.Forward("shop", "expired", 15000, answering(t, certificates(now.Add(-time.Minute))))
	return server
}

func TestCheckLooksAtTheProxies(t *testing.T) {
	e := testEnv(t, "")
	server := unhealthyMesh(t, e.now())
	line := []string{"check", "--plaintext", "-x", "crds", "--kubeconfig", server.Kubeconfig()}
	out := meshctl(e, line...)
	if out.code != exitFindings {
		t.Errorf("exit code %d\n%s", out.code, out.stderr)
	}
	for _, want := range []string{
		"✘ Proxy old.shop: it has not acknowledged the LDS that istiod sent 1h0m0s ago\n      the proxy or its connection hangs",
		"✘ Proxy rejecting.shop: it rejects the LDS that istiod sends: no such filter",
		"✘ Pod shop/silent: its proxy is connected to no istiod",
		"✘ Pod shop/expired: the certificate of its proxy (spiffe://cluster.local/ns/shop/sa/web) expired at",
		"- Pod shop/silent: its proxy cannot be asked for its certificates",
		"✘ Pod shop/old: its proxy is of version 1.27.0, its control plane of 1.31.1, which is not supported",
		"! Pod shop/rejecting: its proxy is of version 1.30.0",
	} {
		if !strings.Contains(out.stdout, want) {
			t.Errorf("%q is missing in\n%s", want, out.stdout)
		}
	}
	if strings.Contains(out.stdout, "fine") {
		t.Errorf("something is wrong with the good proxy:\n%s", out.stdout)
	}
	out = meshctl(testEnv(t, ""), append(line, "-x", "proxies,sync", "--sample", "0")...)
	if out.code != exitOK || strings.Contains(out.stdout, "certificate of its proxy") {
		t.Errorf("without asking proxies: %+v", out)
	}
}

// The formats for machines carry the same, with a hint for each problem.
func TestCheckForMachines(t *testing.T) {
	e := testEnv(t, "")
	server := unhealthyMesh(t, e.now())
	out := meshctl(e, "check", "--plaintext", "-o", "json", "--kubeconfig", server.Kubeconfig())
	var results []install.CheckResult
	if err := json.Unmarshal([]byte(out.stdout), &results); err != nil || out.code != exitFindings {
		t.Fatalf("code %d, %v", out.code, err)
	}
	failed := 0
	for _, r := range results {
		if r.Status == install.Fail {
			failed++
			if r.Hint == "" {
				t.Errorf("no hint: %+v", r)
			}
		}
	}
	out = meshctl(testEnv(t, ""), "check", "--plaintext", "-o", "junit", "--kubeconfig", server.Kubeconfig())
	var suites junitSuites
	if err := xml.Unmarshal([]byte(out.stdout), &suites); err != nil || out.code != exitFindings {
		t.Fatalf("code %d, %v", out.code, err)
	}
	inXML := 0
	for _, s := range suites.Suites {
		inXML += s.Failures
	}
	if failed == 0 || inXML != failed {
		t.Errorf("%d failures in JUnit, %d in JSON", inXML, failed)
	}
}

// --wait ends as soon as all is well, and with 3 when the time is over.
func TestCheckWaits(t *testing.T) {
	starting := strings.Replace(smallMesh, "availableReplicas: 1", "availableReplicas: 0", 1)
	server := allowing(t, starting)
	line := []string{"check", "--wait", "-x", "crds,certificates,sync", "--kubeconfig", server.Kubeconfig(), "--timeout"}
	out := meshctl(testEnv(t, ""), append(line, "1500ms")...)
	if out.code != exitFindings || !strings.Contains(out.stdout, "istiod of revision default is not ready: 0 of 1 pods are available") {
		t.Errorf("without an end: %+v", out)
	}
	timer := time.AfterFunc(300*time.Millisecond, func() { server.Apply(smallMesh) })
	defer timer.Stop()
	if out = meshctl(testEnv(t, ""), append(line, "20s")...); out.code != exitOK {
		t.Errorf("once it is ready: %+v", out)
	}
}
