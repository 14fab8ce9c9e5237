package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

// fakePrometheus answers with ten requests a second of web-v1 in namespace shop.
func fakePrometheus(w http.ResponseWriter, r *http.Request) {
	value := "10"
	switch q := r.FormValue("query"); {
	case strings.Contains(q, "quantile"):
		value = "25"
	case strings.Contains(q, "response_code"):
		value = "1"
	case strings.Contains(q, "tcp"):
		value = "0"
	}
	fmt.Fprintf(w, `{"status": "success", "data": {"result": [{"metric": {"destination_workload": "web-v1", "destination_workload_namespace": "shop"}, "value": [1, %q]}]}}`, value)
}

const metricsOfWeb = "WORKLOAD   NAMESPACE   TOTAL RPS   ERROR RPS   ERRORS   P50 LATENCY   P90 LATENCY   P99 LATENCY\n" +
	"web-v1     shop        10.00       1.00        10.0%    25ms          25ms          25ms\n"

func TestMetricsComeFromThePrometheusOfTheMesh(t *testing.T) {
	s := kubetest.NewServer(t, dashboardPod("istio-system", "prometheus-0", "app.kubernetes.io/name: prometheus", 9090))
	s.Forward("istio-system", "prometheus-0", 9090, web(t, fakePrometheus))
	got := meshctl(testEnv(t, ""), "--kubeconfig", s.Kubeconfig(), "metrics", "web.shop")
	if diff := cmp.Diff(outcome{stdout: metricsOfWeb}, got, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Error(diff)
	}
}

// With a URL and no need of a namespace, no kubeconfig is looked at.
func TestMetricsFromAnyPrometheus(t *testing.T) {
	got := meshctl(testEnv(t, ""), "x", "metrics", "-A", "--prometheus", web(t, fakePrometheus))
	if diff := cmp.Diff(outcome{stdout: metricsOfWeb}, got, cmp.AllowUnexported(outcome{})); diff != "" {
		t.Error(diff)
	}
}

func TestMetricsComeFromProxiesWhereThereIsNoPrometheus(t *testing.T) {
	s := kubetest.NewServer(t, strings.ReplaceAll(dashboardPod("shop", "web-1", "app: web", 80), "name: app", "name: istio-proxy"),
		strings.ReplaceAll(dashboardPod("shop", "mute-1", "app: mute", 80), "name: app", "name: istio-proxy"))
	var count atomic.Int64
	s.Forward("shop", "web-1", 15000, web(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "istio_requests_total{reporter=\"destination\",response_code=\"200\",destination_workload=\"web-v1\",destination_workload_namespace=\"shop\"} %d\n", count.Add(1000))
	}))
	got := meshctl(testEnv(t, ""), "--kubeconfig", s.Kubeconfig(), "metrics", "-n", "shop", "-d", "1s", "-o", "name")
	if got.code != exitOK || got.stdout != "web-v1.shop\n" || !strings.Contains(got.stderr, "no Prometheus found") || !strings.Contains(got.stderr, "pod shop/mute-1") {
		t.Errorf("exit %d, stdout %q, stderr:\n%s", got.code, got.stdout, got.stderr)
	}
}

func TestMetricsChecksHowItIsCalled(t *testing.T) {
	for line, want := range map[string]string{
		"metrics -d 1ms":                           "expected a second or more",
		"metrics a -A":                             "leave it out or name none",
		"metrics --prometheus x --proxies":         "choose one",
		"metrics --prometheus localhost:9090":      "expected a URL",
		"metrics --watch -o yaml":                  "leave out -o yaml",
		"metrics --by nobody":                      "expected one of workload, source, destination",
		"metrics a/b/c --prometheus http://x -n y": "names no workload",
	} {
		got := meshctl(testEnv(t, ""), strings.Fields(line)...)
		if got.code != exitUsage || !strings.Contains(got.stderr, want) {
			t.Errorf("%s: exit %d, stderr %s", line, got.code, got.stderr)
		}
	}
}
