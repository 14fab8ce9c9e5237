package metrics

import (
	"fmt"
	"strings"
	"time"
)

// Names of Istio's standard metrics (istio.io, "Istio Standard Metrics").
const (
	requestsTotal = "istio_requests_total"
	duration      = "istio_request_duration_milliseconds"
	tcpSent       = "istio_tcp_sent_bytes_total"
	tcpReceived   = "istio_tcp_received_bytes_total"
)

// failedCodes are the values of response_code that mean failure: 5xx, and 0
// for a connection that broke before there was an answer. failedGRPC are the
// gRPC statuses of the server's making (grpc.io, "Status codes").
const (
	failedCodes = "5..|0"
	failedGRPC  = "2|4|8|12|13|14|15"
)

// query is a question to Prometheus, and where its answer goes.
type query struct {
	name   string
	promql string
	store  func(*Row, float64)
}

// queries are all questions for a scope. The reporter is the destination's
// proxy, which sees the service as it is, or a waypoint in its place.
func (s Scope) queries() []query {
	labels := []string{"destination_workload", "destination_workload_namespace"}
	if s.By != ByWorkload {
		labels = append(labels, "source_workload", "source_workload_namespace")
	}
	by := strings.Join(labels, ",")
	window := fmt.Sprintf("%dms", s.Window/time.Millisecond)
	rate := func(metric, more string) string {
		var terms []string
		for _, selector := range s.selectors() {
			matchers := []string{`reporter=~"destination|waypoint|ztunnel"`}
			for _, m := range []string{selector, more} {
				if m != "" {
					matchers = append(matchers, m)
				}
			}
			terms = append(terms, fmt.Sprintf("rate(%s{%s}[%s])", metric, strings.Join(matchers, ","), window))
		}
		return strings.Join(terms, " or ")
	}
	sum := func(metric, more string) string { return fmt.Sprintf("sum by (%s) (%s)", by, rate(metric, more)) }
	quantile := func(q float64) string {
		return fmt.Sprintf("histogram_quantile(%g, sum by (le,%s) (%s))", q, by, rate(duration+"_bucket", ""))
	}
	failed := fmt.Sprintf("sum by (%s) (%s or %s)", by,
		rate(requestsTotal, fmt.Sprintf("response_code=~%q", failedCodes)),
		rate(requestsTotal, fmt.Sprintf("grpc_response_status=~%q", failedGRPC)))
	return []query{
		{"requests", sum(requestsTotal, ""), func(r *Row, v float64) { r.Requests = v }},
		{"errors", failed, func(r *Row, v float64) { r.Errors = v }},
		{"p50", quantile(0.5), func(r *Row, v float64) { r.P50 = known(v) }},
		{"p90", quantile(0.9), func(r *Row, v float64) { r.P90 = known(v) }},
		{"p99", quantile(0.99), func(r *Row, v float64) { r.P99 = known(v) }},
		{"sent bytes", sum(tcpSent, ""), func(r *Row, v float64) { r.TCPSent = v }},
		{"received bytes", sum(tcpReceived, ""), func(r *Row, v float64) { r.TCPReceived = v }},
	}
}
