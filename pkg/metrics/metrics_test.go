package metrics

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestQueriesAskForWhatWasAsked(t *testing.T) {
	s := Scope{By: BySource, Window: 90 * time.Second, Workloads: []Workload{{"shop", "web.v1"}, {"", "db"}}}
	want := `sum by (destination_workload,destination_workload_namespace,source_workload,source_workload_namespace) (` +
		`rate(istio_requests_total{reporter=~"destination|waypoint|ztunnel",destination_workload_namespace="shop",destination_workload=~"web\\.v1.*"}[90000ms]) or ` +
		`rate(istio_requests_total{reporter=~"destination|waypoint|ztunnel",destination_workload=~"db.*"}[90000ms]))`
	if diff := cmp.Diff(want, s.queries()[0].promql); diff != "" {
		t.Error(diff)
	}
	s = Scope{By: ByDestination, Window: time.Minute, Workloads: []Workload{{"shop", ""}}}
	if q := s.queries()[0].promql; !strings.Contains(q, `{reporter=~"destination|waypoint|ztunnel",source_workload_namespace="shop"}`) {
		t.Error(q)
	}
	for _, q := range (Scope{By: ByWorkload, Window: time.Minute}).queries() {
		if strings.Contains(q.promql, ",}") || strings.Contains(q.promql, "source_workload") {
			t.Error(q.promql)
		}
	}
}

// prometheus answers each query by the first text that it contains.
func prometheus(t *testing.T, answers [][2]string) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.FormValue("query")
		for _, a := range answers {
			if r.URL.Path == "/api/v1/query" && strings.Contains(q, a[0]) {
				fmt.Fprintf(w, `{"status": "success", "data": {"resultType": "vector", "result": [%s]}}`, a[1])
				return
			}
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

func value(workload, v string) string {
	return fmt.Sprintf(`{"metric": {"destination_workload": %q, "destination_workload_namespace": "shop"}, "value": [1, %q]}`, workload, v)
}

func TestPrometheusBecomesRows(t *testing.T) {
	server := prometheus(t, [][2]string{
		{"quantile(0.5,", value("web", "12.5")}, {"quantile(0.9,", value("web", "NaN")}, {"quantile(0.99,", value("web", "99")},
		{"response_code", value("web", "0.5")},
		{"istio_requests_total", value("web", "10") + "," + value("idle", "0")},
		{"tcp_sent", value("db", "100")}, {"tcp_received", ""},
	})
	rows, err := Prometheus(t.Context(), server.Client(), server.URL+"/", Scope{By: ByWorkload, Window: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	p50, p99 := 12.5, 99.0
	want := []Row{
		{Namespace: "shop", Workload: "db", TCPSent: 100},
		{Namespace: "shop", Workload: "web", Requests: 10, Errors: 0.5, P50: &p50, P99: &p99},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoPrometheusIsNamed(t *testing.T) {
	tests := map[string]string{
		"<html>login</html>":                                               "no answer of Prometheus; is this its address?",
		`{"status": "error", "error": "parse error"}`:                      "it answers: parse error",
		`{"status": "success", "data": {"result": [{"value": [1, "x"]}]}}`: "which is no number",
	}
	for body, want := range tests {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }))
		_, err := Prometheus(t.Context(), server.Client(), server.URL, Scope{By: ByWorkload, Window: time.Minute})
		server.Close()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

func counters(t *testing.T, text string) Counters {
	t.Helper()
	c, err := ReadCounters(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const labelsOfWeb = `reporter="destination",source_workload="front",source_workload_namespace="shop",destination_workload="web-v1",destination_workload_namespace="shop"`

func proxyStats(ok, failed, fast, slow, all int) string {
	return fmt.Sprintf(`# TYPE istio_requests_total counter
envoy_cluster_upstream_cx_total{cluster="x"} 7
istio_requests_total{%[1]s,response_code="200",grpc_response_status=""} %[2]d
istio_requests_total{%[1]s,response_code="503"} %[3]d
istio_requests_total{reporter="source",destination_workload="web-v1",destination_workload_namespace="shop"} 1000
istio_request_duration_milliseconds_bucket{%[1]s,le="10"} %[4]d
istio_request_duration_milliseconds_bucket{%[1]s,le="100"} %[5]d
istio_request_duration_milliseconds_bucket{%[1]s,le="+Inf"} %[6]d
`, labelsOfWeb, ok, failed, fast, slow, all)
}

func TestProxiesOwnCountersBecomeRows(t *testing.T) {
	before := []Counters{counters(t, proxyStats(100, 10, 50, 100, 110))}
	after := []Counters{counters(t, proxyStats(190, 20, 100, 199, 210))}
	rows := FromCounters(before, after, 10*time.Second, Scope{By: BySource, Workloads: []Workload{{"shop", "web"}}})
	if len(rows) != 1 || rows[0].Source != "front" || rows[0].Requests != 10 || rows[0].Errors != 1 || *rows[0].P50 != 10 {
		t.Fatalf("got %+v", rows)
	}
	if got := fmt.Sprintf("%.1f %.1f", *rows[0].P90, *rows[0].P99); got != "83.5 100.0" {
		t.Errorf("p90 and p99 are %s", got)
	}
	// A proxy that has restarted counts from zero.
	rows = FromCounters(before, []Counters{counters(t, proxyStats(50, 0, 0, 0, 0))}, 10*time.Second, Scope{By: ByWorkload})
	if len(rows) != 1 || rows[0].Requests != 5 {
		t.Errorf("after a restart: %+v", rows)
	}
	if rows := FromCounters(before, after, time.Second, Scope{By: ByWorkload, Workloads: []Workload{{"shop", "db"}}}); len(rows) != 0 {
		t.Errorf("of another workload: %+v", rows)
	}
}

func TestGraph(t *testing.T) {
	p99 := 20.0
	got := Graph([]Row{
		{Namespace: "shop", Workload: "web", SourceNamespace: "unknown", Source: "unknown", Requests: 1},
		{Namespace: "shop", Workload: "db", SourceNamespace: "shop", Source: "web", TCPSent: 2048},
		{Namespace: "shop", Workload: "cart", SourceNamespace: "shop", Source: "web", Requests: 4, Errors: 1, P99: &p99},
	})
	want := `(outside of the mesh)
└─ web.shop  1.00 rps, 0.0% errors, p99 -
web.shop
├─ db.shop  TCP 2.0 KiB/s out, 0.0 B/s in
└─ cart.shop  4.00 rps, 25.0% errors, p99 20ms
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNumbersForPeople(t *testing.T) {
	for ms, want := range map[float64]string{0.4: "0.4ms", 9.94: "9.9ms", 9.96: "10ms", 42: "42ms", 999.4: "999ms", 999.6: "1.00s", 2500: "2.50s"} {
		if got := Latency(&ms); got != want {
			t.Errorf("%v: got %s, want %s", ms, got, want)
		}
	}
	for n, want := range map[float64]string{0: "0.0 B/s", 1023.9: "1023.9 B/s", 1023.99: "1.0 KiB/s", 1 << 20: "1.0 MiB/s", 5 << 30: "5.0 GiB/s"} {
		if got := Bytes(n); got != want {
			t.Errorf("%v: got %s, want %s", n, got, want)
		}
	}
}

// Buckets below all requests are empty, and yet the lower end of those above.
func TestQuantilesOfProxiesAreThoseOfPrometheus(t *testing.T) {
	text := "istio_requests_total{" + labelsOfWeb + `,response_code="200"} 100` + "\n"
	for _, bucket := range [][2]string{{"1", "0"}, {"5", "0"}, {"10", "80"}, {"50", "100"}, {"+Inf", "100"}} {
		text += fmt.Sprintf("istio_request_duration_milliseconds_bucket{%s,le=%q} %s\n", labelsOfWeb, bucket[0], bucket[1])
	}
	rows := FromCounters([]Counters{{}}, []Counters{counters(t, text)}, time.Second, Scope{By: ByWorkload})
	if len(rows) != 1 || *rows[0].P50 != 5+5*0.5/0.8 {
		t.Errorf("got %+v, p50 %v", rows, *rows[0].P50)
	}
}
