package prometheus

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/pkg/metrics"
)

func ms(v float64) *float64 { return &v }

// row is what metrics gives for an edge of the shop, by workload or by edge.
func row(workload, namespace string, requests, errors float64) metrics.Row {
	return metrics.Row{Workload: workload, Namespace: namespace, Requests: requests, Errors: errors, P50: ms(P50), P90: ms(P90), P99: ms(P99)}
}

func from(source, namespace string, r metrics.Row) metrics.Row {
	r.Source, r.SourceNamespace = source, namespace
	return r
}

// Known traffic gives the expected numbers, by workload and by edge.
func TestMetricsOfKnownTraffic(t *testing.T) {
	s := Start(t, noTargets)
	s.Fill(t, Traffic(Shop()))
	db := metrics.Row{Workload: "db", Namespace: "bank", TCPReceived: 1024, TCPSent: 2048}
	tests := map[string]struct {
		scope metrics.Scope
		want  []metrics.Row
	}{
		"all workloads": {metrics.Scope{By: metrics.ByWorkload}, []metrics.Row{
			db, row("payments", "bank", 2, 1), row("gateway", "ingress", 20, 0.2),
			row("catalog-v1", "shop", 30, 3), row("catalog-v2", "shop", 10, 0), row("frontend", "shop", 20, 0), row("orders", "shop", 5, 1),
		}},
		"by the beginning of a name": {metrics.Scope{By: metrics.ByWorkload, Workloads: []metrics.Workload{{Namespace: "shop", Name: "catalog"}}},
			[]metrics.Row{row("catalog-v1", "shop", 30, 3), row("catalog-v2", "shop", 10, 0)}},
		"several": {metrics.Scope{By: metrics.ByWorkload, Workloads: []metrics.Workload{{Namespace: "shop", Name: "orders"}, {Namespace: "shop", Name: "ord"}, {Namespace: "bank"}}},
			[]metrics.Row{db, row("payments", "bank", 2, 1), row("orders", "shop", 5, 1)}},
		"who calls": {metrics.Scope{By: metrics.BySource, Workloads: []metrics.Workload{{Namespace: "shop", Name: "frontend"}}},
			[]metrics.Row{from("gateway", "ingress", row("frontend", "shop", 20, 0))}},
		"who is called": {metrics.Scope{By: metrics.ByDestination, Workloads: []metrics.Workload{{Namespace: "shop", Name: "orders"}}},
			[]metrics.Row{from("orders", "shop", db), from("orders", "shop", row("payments", "bank", 2, 1))}},
		"from outside": {metrics.Scope{By: metrics.BySource, Workloads: []metrics.Workload{{Namespace: "ingress"}}},
			[]metrics.Row{from("unknown", "unknown", row("gateway", "ingress", 20, 0.2))}},
		"nothing there": {metrics.Scope{By: metrics.ByWorkload, Workloads: []metrics.Workload{{Namespace: "nosuch"}}}, []metrics.Row{}},
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-6*math.Max(1, math.Abs(a)) })
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.scope.Window = time.Minute
			got, err := metrics.Prometheus(t.Context(), http.DefaultClient, s.URL, tt.scope)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, near); diff != "" {
				t.Error(diff)
			}
		})
	}
}
