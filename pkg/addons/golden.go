package addons

import "fmt"

// What is counted at the destination is the truth about it; where it has no
// proxy of its own, a waypoint counts in its place. Failed is what package
// metrics calls so: 5xx, a connection that broke, gRPC statuses of the server's
// making.
const (
	observed = `reporter=~"destination|waypoint"`
	failed   = `response_code=~"5..|0"`
	failedRP = `grpc_response_status=~"2|4|8|12|13|14|15",response_code!~"5..|0"`
)

// golden writes the queries of the golden signals for what a selector picks.
// The selector is a list of PromQL matchers, "" for all.
type golden struct{ selector string }

func (g golden) rate(metric, more string) string {
	selector := g.selector
	if selector != "" && more != "" {
		selector += ","
	}
	selector += more
	return fmt.Sprintf(`rate(%s{%s}[$__rate_interval])`, metric, selector)
}

func (g golden) sum(by, metric, more string) string {
	if by != "" {
		by = "by (" + by + ") "
	}
	return fmt.Sprintf(`sum %s(%s)`, by, g.rate(metric, more))
}

// requests a second.
func (g golden) requests(by string) string { return g.sum(by, "istio_requests_total", "") }

// errors a second. Where nothing fails it is 0, not nothing.
func (g golden) errors(by string) string {
	if by == "" {
		by = "()"
	} else {
		by = "(" + by + ")"
	}
	return fmt.Sprintf(`(sum by %[1]s (%[2]s or %[3]s) or 0 * sum by %[1]s (%[4]s))`, by,
		g.rate("istio_requests_total", failed), g.rate("istio_requests_total", failedRP), g.rate("istio_requests_total", ""))
}

// errorShare is the share of requests that fail, from 0 to 1.
func (g golden) errorShare(by string) string {
	on := "()"
	if by != "" {
		on = "(" + by + ")"
	}
	return fmt.Sprintf(`%s / on %s (sum by %s (%s) > 0)`, g.errors(by), on, on, g.rate("istio_requests_total", ""))
}

// latency is a quantile, in milliseconds.
func (g golden) latency(quantile float64, by string) string {
	if by != "" {
		by = "," + by
	}
	return fmt.Sprintf(`histogram_quantile(%g, sum by (le%s) (%s))`, quantile, by, g.rate("istio_request_duration_milliseconds_bucket", ""))
}

func (g golden) latencies() []Query {
	return []Query{
		{Legend: "p50", PromQL: g.latency(0.5, "")},
		{Legend: "p90", PromQL: g.latency(0.9, "")},
		{Legend: "p99", PromQL: g.latency(0.99, "")},
	}
}

// tcp is bytes a second of connections that are not HTTP.
func (g golden) tcp() []Query {
	return []Query{
		{Legend: "sent", PromQL: g.sum("", "istio_tcp_sent_bytes_total", "")},
		{Legend: "received", PromQL: g.sum("", "istio_tcp_received_bytes_total", "")},
	}
}

// used are the queries of saturation for the containers that a selector picks,
// as the kubelets count it.
type used struct{ selector string }

func (u used) cpu(by string) string {
	return fmt.Sprintf(`sum by (%s) (rate(container_cpu_usage_seconds_total{%s}[$__rate_interval]))`, by, u.selector)
}

func (u used) memory(by string) string {
	return fmt.Sprintf(`sum by (%s) (container_memory_working_set_bytes{%s})`, by, u.selector)
}

// memoryShare is memory as a share of the limit, of containers that have one.
func (u used) memoryShare(by string) string {
	return fmt.Sprintf(`max by (%[1]s) (container_memory_working_set_bytes{%[2]s} / on (namespace,pod,container) group_left () max by (namespace,pod,container) (container_spec_memory_limit_bytes{%[2]s} > 0))`, by, u.selector)
}

// throttled is the share of time slices in which a container had to stop, as it
// had used up its CPU limit.
func (u used) throttled(by string) string {
	return fmt.Sprintf(`sum by (%[1]s) (rate(container_cpu_cfs_throttled_periods_total{%[2]s}[$__rate_interval])) / sum by (%[1]s) (rate(container_cpu_cfs_periods_total{%[2]s}[$__rate_interval]))`, by, u.selector)
}

// saturation is a row of panels.
func (u used) saturation(by, legend string) Row {
	return Row{"Saturation", []Panel{
		{Title: "CPU", About: "Cores in use.", Unit: cores, Queries: []Query{{Legend: legend, PromQL: u.cpu(by)}}},
		{Title: "Memory", About: "Working set: what counts against the limit.", Unit: size, Queries: []Query{{Legend: legend, PromQL: u.memory(by)}}},
		{Title: "Memory of the limit", About: "At 100 % a container is killed. Containers without a limit are not shown.", Unit: share, Max: 1,
			Queries: []Query{{Legend: legend, PromQL: u.memoryShare(by)}}},
		{Title: "CPU throttled", About: "The share of time slices in which a container had to wait, as it had used up its CPU limit.", Unit: share, Max: 1,
			Queries: []Query{{Legend: legend, PromQL: u.throttled(by)}}},
	}}
}
