package prometheus

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/pkg/addons"
)

const noTargets = "scrape_configs: []\n"

// shop starts a Prometheus that holds all of the shop's metrics.
func shop(t *testing.T) *Server {
	t.Helper()
	s := Start(t, noTargets)
	s.Fill(t, slices.Concat(Traffic(Shop()), Containers(Shop()), Istiod()))
	return s
}

// choices are the variables' values on each dashboard. A service that is
// called by HTTP, and whose requests fail here and there, has something in
// every panel but those of TCP.
var choices = map[string]map[string]string{
	"service":  {"namespace": "shop", "service": "catalog", "workload": "catalog-v1"},
	"workload": {"namespace": "shop", "workload": "frontend"},
}

// tcpChoices are those for the panels of TCP.
var tcpChoices = map[string]map[string]string{
	"service":  {"namespace": "bank", "service": "db", "workload": "db"},
	"workload": {"namespace": "bank", "workload": "db"},
}

func substitute(promql string, values map[string]string) string {
	promql = strings.ReplaceAll(promql, "$__rate_interval", "1m")
	for name, value := range values {
		promql = strings.ReplaceAll(promql, "$"+name, value)
	}
	return promql
}

var metricName = regexp.MustCompile(`\b(?:istio|pilot|container|citadel|galley|sidecar|go)_[a-z0-9_]+\b`)

// Every query of every dashboard is understood by Prometheus and finds data.
func TestAllQueriesOfTheDashboardsFindData(t *testing.T) {
	s := shop(t)
	queries := 0
	for _, d := range addons.Dashboards() {
		for _, row := range d.Rows {
			for _, p := range row.Panels {
				for _, q := range p.Queries {
					queries++
					t.Run(d.Name+"/"+p.Title+"/"+q.Legend, func(t *testing.T) {
						values := choices[d.Name]
						if strings.Contains(q.PromQL, "istio_tcp_") {
							values = tcpChoices[d.Name]
						}
						if p.Title == "Without mutual TLS" { // what comes from outside does
							values = map[string]string{"namespace": "ingress", "workload": "gateway"}
						}
						promql := substitute(q.PromQL, values)
						if strings.Contains(promql, "$") {
							t.Errorf("a variable is left: %s", promql)
						}
						s.mustFind(t, promql)
						// "or vector(0)" finds something whatever is asked.
						for _, name := range metricName.FindAllString(promql, -1) {
							if !strings.HasPrefix(name, "istio_requests_total") {
								s.mustFind(t, "count("+name+")")
							}
						}
					})
				}
			}
		}
	}
	t.Logf("%d queries", queries)
	if queries < 80 {
		t.Errorf("only %d queries were tried", queries)
	}
}

// mustFind runs a query that has to give numbers.
func (s *Server) mustFind(t *testing.T, promql string) []Sample {
	t.Helper()
	samples, err := s.Query(promql)
	if err != nil {
		t.Fatal(err)
	}
	if len(samples) == 0 {
		t.Fatalf("it finds nothing: %s", promql)
	}
	for _, sample := range samples {
		if v := number(t, sample); math.IsNaN(v) || math.IsInf(v, 0) {
			t.Errorf("%v gives %v: %s", sample.Metric, v, promql)
		}
	}
	return samples
}

func number(t *testing.T, s Sample) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s.Value[1].(string), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The variables of a dashboard offer what there is.
func TestTheVariablesOfTheDashboardsHaveValues(t *testing.T) {
	s := shop(t)
	for _, d := range addons.Dashboards() {
		for _, v := range d.Variables {
			promql := substitute(fmt.Sprintf("count by (%s) (%s)", v.Label, v.Metric), choices[d.Name])
			found := false
			for _, sample := range s.mustFind(t, promql) {
				found = found || sample.Metric[v.Label] == choices[d.Name][v.Name]
			}
			if !found {
				t.Errorf("%s: variable %s does not offer %s", d.Title, v.Name, choices[d.Name][v.Name])
			}
		}
	}
}

// What the numbers on the dashboards say is what happens.
func TestTheNumbersOfTheDashboardsAreRight(t *testing.T) {
	s := shop(t)
	tests := []struct {
		dashboard, panel, legend string
		labels                   string // that the series has, "" for the only one
		want                     float64
	}{
		{"mesh", "Requests", "", "", 87},
		{"mesh", "Failing", "", "", 5.2 / 87},
		{"mesh", "Latency p99", "", "", P99},
		{"mesh", "TCP", "", "", 3 * 1024},
		{"mesh", "Workloads", "Requests", "catalog-v1", 30},
		{"mesh", "Workloads", "Failing", "catalog-v1", 0.1},
		{"mesh", "Workloads", "Failing", "catalog-v2", 0},
		{"mesh", "Workloads", "Failing", "orders", 0.2}, // gRPC
		{"mesh", "Workloads", "Failing", "payments", 0.5},
		{"service", "Requests", "", "", 40},
		{"service", "Failing", "", "", 3.0 / 40},
		{"service", "Latency p50", "", "", P50},
		{"service", "Failing as callers see it", "callers", "", 3.0 / 40},
		{"workload", "Requests", "", "", 20},
		{"workload", "Failing", "", "", 0},
		{"workload", "Requests by service", "{{destination_service_name}}.{{destination_service_namespace}}", "catalog", 40},
		{"workload", "Memory of the limit", "{{pod}} {{container}}", "istio-proxy", 0.25},
		{"workload", "CPU throttled", "{{pod}} {{container}}", "istio-proxy", 0.1},
		{"control-plane", "Proxies connected", "", "", 12},
		{"control-plane", "Memory of the limit", "{{pod}}", "", 0.25},
	}
	for _, tt := range tests {
		t.Run(tt.dashboard+"/"+tt.panel+"/"+tt.labels, func(t *testing.T) {
			promql := substitute(queryOf(t, tt.dashboard, tt.panel, tt.legend), choices[tt.dashboard])
			for _, sample := range s.mustFind(t, promql) {
				if tt.labels != "" && !slices.Contains(labelValues(sample), tt.labels) {
					continue
				}
				if v := number(t, sample); math.Abs(v-tt.want) > 1e-6*math.Max(1, tt.want) {
					t.Errorf("got %v, want %v from %s", v, tt.want, promql)
				}
				return
			}
			t.Errorf("no series of %s: %s", tt.labels, promql)
		})
	}
}

func labelValues(s Sample) []string {
	var values []string
	for _, v := range s.Metric {
		values = append(values, v)
	}
	return values
}

func queryOf(t *testing.T, dashboard, panel, legend string) string {
	t.Helper()
	for _, d := range addons.Dashboards() {
		for _, row := range d.Rows {
			for _, p := range row.Panels {
				for _, q := range p.Queries {
					if d.Name == dashboard && p.Title == panel && q.Legend == legend {
						return q.PromQL
					}
				}
			}
		}
	}
	t.Fatalf("%s has no %s/%s", dashboard, panel, legend)
	return ""
}

// The configuration that is installed is one that Prometheus takes.
func TestTheInstalledConfigurationIsUnderstood(t *testing.T) {
	objects, err := addons.Render(addons.Options{Addons: []string{"prometheus"}, Namespace: "istio-system"})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if data, ok := o.Content["data"].(map[string]any); ok {
			// Outside of a cluster nothing can be discovered; all else is read as it is.
			config := strings.NewReplacer(
				"kubernetes_sd_configs: [{role: pod}]", "kubernetes_sd_configs: [{role: pod, api_server: 'http://127.0.0.1:1'}]",
				"kubernetes_sd_configs: [{role: node}]", "kubernetes_sd_configs: [{role: node, api_server: 'http://127.0.0.1:1'}]",
			).Replace(data["prometheus.yml"].(string))
			var answer struct{ Data struct{ YAML string } }
			if err := Start(t, config).get("/api/v1/status/config", &answer); err != nil {
				t.Fatal(err)
			}
			var loaded struct {
				Jobs []struct {
					Name string `json:"job_name"`
				} `json:"scrape_configs"`
			}
			if err := yaml.Unmarshal([]byte(answer.Data.YAML), &loaded); err != nil || len(loaded.Jobs) != 4 {
				t.Errorf("it has %d jobs, %v", len(loaded.Jobs), err)
			}
			return
		}
	}
	t.Error("there is no configuration")
}
