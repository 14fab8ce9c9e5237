package e2e

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/pkg/addons"
	"github.com/meshctl/meshctl/test/prometheus"
)

// metricsRow is what -o json says of a workload.
type metricsRow struct {
	Workload, Namespace, Source string
	RequestsPerSecond           float64
	ErrorsPerSecond             float64
	P50Milliseconds             float64
}

func (r metricsRow) String() string {
	text := fmt.Sprintf("%s.%s %.2f rps, %.2f errors, p50 %.1f", r.Workload, r.Namespace, r.RequestsPerSecond, r.ErrorsPerSecond, r.P50Milliseconds)
	if r.Source != "" {
		text = r.Source + " -> " + text
	}
	return text
}

func metricsRows(t *testing.T, r result) []string {
	t.Helper()
	r.want(t, 0)
	lines := []string{}
	for _, row := range decode[[]metricsRow](t, r.stdout) {
		lines = append(lines, row.String())
	}
	return lines
}

// A real Prometheus behind the one that `addons install` has installed: found,
// reached by a port-forward, and right.
func TestMetricsThroughTheInstalledPrometheus(t *testing.T) {
	t.Parallel()
	c := mesh.In(t)
	mustMeshctl(t, c.Kubeconfig, "addons", "install", "prometheus", "-n", c.Namespace, "--yes")
	t.Cleanup(func() {
		ctx, cancel := withoutTest(commandTimeout)
		defer cancel()
		if out, err := command(ctx, c.Kubeconfig, "addons", "uninstall", "-n", c.Namespace, "--yes").CombinedOutput(); err != nil {
			t.Errorf("removing Prometheus: %v\n%s", err, out)
		}
	})
	server := prometheus.Start(t, "scrape_configs: []\n")
	server.Fill(t, prometheus.Traffic(prometheus.Shop()))
	c.MapPort(c.Pod("app.kubernetes.io/name=prometheus"), 9090, server.URL)
	// A user of one namespace finds the Prometheus there, and no other test's.
	kubeconfig := c.User(rule("pods", "get", "list"), rule("pods/portforward", "get", "create"))

	got := metricsRows(t, runMeshctl(t, kubeconfig, "metrics", "catalog.shop", "payments.bank", "-d", "5m", "-n", c.Namespace, "-o", "json"))
	want := []string{
		"payments.bank 2.00 rps, 1.00 errors, p50 8.1",
		"catalog-v1.shop 30.00 rps, 3.00 errors, p50 8.1",
		"catalog-v2.shop 10.00 rps, 0.00 errors, p50 8.1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got = metricsRows(t, runMeshctl(t, kubeconfig, "metrics", "frontend.shop", "--by", "destination", "--sort", "rps", "-d", "5m", "-n", c.Namespace, "-o", "json"))
	want = []string{
		"frontend -> catalog-v1.shop 30.00 rps, 3.00 errors, p50 8.1",
		"frontend -> catalog-v2.shop 10.00 rps, 0.00 errors, p50 8.1",
		"frontend -> orders.shop 5.00 rps, 1.00 errors, p50 8.1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Without a Prometheus the proxies themselves are asked, at the beginning and at
// the end of the window.
func TestMetricsFromTheProxiesThemselves(t *testing.T) {
	t.Parallel()
	c := mesh.In(t, "istio-injection=enabled")
	c.WaitForInjection()
	c.Apply(strings.NewReplacer("NAME", "web", "REPLICAS", "2").Replace(metricsDeployment) + "---" +
		strings.NewReplacer("NAME", "mute", "REPLICAS", "1").Replace(metricsDeployment))
	c.WaitForRollouts()
	started := time.Now()
	// Each of the two counts a hundred requests a second, a tenth of which fail.
	stats := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		labels := fmt.Sprintf(`reporter="destination",source_workload="front",source_workload_namespace="shop",destination_workload="web",destination_workload_namespace=%q`, c.Namespace)
		n := 100 * time.Since(started).Seconds()
		fmt.Fprintf(w, "# TYPE istio_requests_total counter\n")
		fmt.Fprintf(w, "istio_requests_total{%s,response_code=\"200\"} %f\n", labels, 0.9*n)
		fmt.Fprintf(w, "istio_requests_total{%s,response_code=\"503\"} %f\n", labels, 0.1*n)
		for _, bucket := range []struct {
			le    string
			share float64
		}{{"5", 0}, {"10", 0.8}, {"50", 1}, {"+Inf", 1}} {
			fmt.Fprintf(w, "istio_request_duration_milliseconds_bucket{%s,le=%q} %f\n", labels, bucket.le, bucket.share*n)
		}
	}))
	t.Cleanup(stats.Close)
	pods := c.PodsOf("deploy/web")
	for _, pod := range pods {
		c.MapPort(pod, 15000, stats.URL)
	}
	c.MapPort(c.Pod("app=mute"), 15000, "http://127.0.0.1:1")

	r := runMeshctl(t, c.Kubeconfig, "metrics", "-n", c.Namespace, "--proxies", "-d", "2s", "--by", "source", "-o", "json")
	r.want(t, 0)
	rows := decode[[]metricsRow](t, r.stdout)
	if len(pods) != 2 || len(rows) != 1 || rows[0].Workload != "web" || rows[0].Source != "front" ||
		math.Abs(rows[0].RequestsPerSecond-200) > 10 || math.Abs(rows[0].ErrorsPerSecond-20) > 1 || math.Abs(rows[0].P50Milliseconds-8.125) > 0.01 {
		t.Errorf("pods %v, got %v", pods, rows)
	}
	if !strings.Contains(r.stderr, c.Pod("app=mute")) {
		t.Errorf("no word of the proxy that does not answer:\n%s", r.stderr)
	}
}

const metricsDeployment = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  replicas: REPLICAS
  selector: {matchLabels: {app: NAME}}
  template:
    metadata: {labels: {app: NAME}}
    spec: {containers: [{name: app, image: app}]}
`

// The configuration that is installed finds what there is to read in a mesh: a
// real Prometheus asks the real API server.
func TestTheInstalledPrometheusFindsItsTargets(t *testing.T) {
	t.Parallel()
	c := mesh.In(t, "istio-injection=enabled")
	c.WaitForInjection()
	c.Apply(strings.NewReplacer("NAME", "web", "REPLICAS", "1").Replace(metricsDeployment) + `---
apiVersion: v1
kind: Pod
metadata: {name: plain, labels: {app: plain, sidecar.istio.io/inject: "false"}, annotations: {prometheus.io/scrape: "true", prometheus.io/port: "8080"}}
spec: {containers: [{name: app, image: app, ports: [{containerPort: 8080}, {containerPort: 8081}]}, {name: helper, image: helper}]}
---
apiVersion: v1
kind: Pod
metadata: {name: silent, labels: {sidecar.istio.io/inject: "false"}}
spec: {containers: [{name: app, image: app}]}
---
apiVersion: v1
kind: Pod
metadata: {name: unmerged, labels: {app: unmerged}, annotations: {prometheus.istio.io/merge-metrics: "false"}}
spec: {containers: [{name: app, image: app}]}
`)
	c.WaitForRollouts()
	server := prometheus.Start(t, installedConfig(t, mesh.Kubeconfig))
	want := []string{
		"containers /metrics/cadvisor",
		"pods istio-system/istiod :15014/metrics",
		"pods " + c.Namespace + "/plain :8080/metrics",
		"pods " + c.Namespace + "/web :15020/stats/prometheus",
		"proxies " + c.Namespace + "/unmerged :15090/stats/prometheus",
	}
	c.Eventually("the targets", func() error {
		targets, err := server.Targets()
		if err != nil {
			return err
		}
		got := []string{}
		for _, target := range targets {
			_, path, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(target.ScrapeURL, "http://"), "https://"), ":")
			line := fmt.Sprintf("%s %s/%s :%s", target.ScrapePool, target.Labels["namespace"], target.Labels["app"], path)
			if target.ScrapePool == "containers" {
				_, path, _ = strings.Cut(path, "/")
				line = "containers /" + path
			}
			if ns := target.Labels["namespace"]; (ns == "" && target.ScrapePool == "containers" || ns == c.Namespace || target.Labels["app"] == "istiod") && !slices.Contains(got, line) {
				got = append(got, line)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			return fmt.Errorf("targets (-want +got):\n%s", diff)
		}
		return nil
	})
}

// installedConfig is the configuration of the addon, with the way to the API
// server that a pod has by itself.
func installedConfig(t *testing.T, kubeconfig string) string {
	t.Helper()
	objects, err := addons.Render(addons.Options{Addons: []string{"prometheus"}, Namespace: "istio-system"})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if data, ok := o.Content["data"].(map[string]any); ok {
			return strings.NewReplacer(
				"{role: pod}", fmt.Sprintf("{role: pod, kubeconfig_file: %s}", kubeconfig),
				"{role: node}", fmt.Sprintf("{role: node, kubeconfig_file: %s}", kubeconfig),
			).Replace(data["prometheus.yml"].(string))
		}
	}
	t.Fatal("there is no configuration")
	return ""
}

// What the dashboard of the control plane asks for is what a real istiod has.
func TestIstiodHasTheMetricsOfItsDashboard(t *testing.T) {
	t.Parallel()
	c := mesh.In(t)
	d := openDashboard(t, c.Kubeconfig, "istiod-debug", "--port", "0", "--path", "/")
	defer d.end(os.Interrupt)
	page, err := d.get("metrics")
	if err != nil {
		t.Fatal(err)
	}
	// These appear when the first of what they count happens.
	rare := []string{
		"sidecar_injection_failure_total", "citadel_server_authentication_failure_count", "galley_validation_failed",
		"pilot_total_xds_rejects", "pilot_total_xds_internal_errors", "pilot_conflict_inbound_listener",
		"pilot_conflict_outbound_listener_tcp_over_current_tcp", "pilot_vservice_dup_domain", "pilot_destrule_subsets",
	}
	for _, series := range prometheus.Istiod() {
		if !strings.Contains(page, "\n"+series.Name+"{") && !strings.Contains(page, "\n"+series.Name+" ") && !slices.Contains(rare, series.Name) {
			t.Errorf("istiod has no %s", series.Name)
		}
		for label := range series.Labels {
			if label == "type" || label == "version" || label == "component" || label == "tag" {
				if at := strings.Index(page, "\n"+series.Name+"{"); at >= 0 && !strings.Contains(line(page[at+1:]), label+`="`) {
					t.Errorf("%s of istiod has no label %s: %s", series.Name, label, line(page[at+1:]))
				}
			}
		}
	}
}

func line(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return first
}
