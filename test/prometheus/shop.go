package prometheus

import (
	"fmt"
	"math"
)

// Edge is traffic from one workload to another.
type Edge struct {
	Source, Destination string // workload.namespace; source "unknown.unknown" is outside of the mesh
	Service             string // in the destination's namespace
	Reporter            string // who counts it on the side of the destination
	Requests            float64
	Failed              float64 // of Requests, a second, with status 503
	GRPCFailed          float64 // of Requests, a second, with status 200 and a gRPC status of failure
	TCP                 float64 // bytes a second that the destination receives; it sends twice as much
}

// Shop is a mesh with known traffic: who calls whom, and how often.
func Shop() []Edge {
	return []Edge{
		{Source: "unknown.unknown", Destination: "gateway.ingress", Service: "gateway", Reporter: "destination", Requests: 20, Failed: 0.2},
		{Source: "gateway.ingress", Destination: "frontend.shop", Service: "frontend", Reporter: "destination", Requests: 20},
		{Source: "frontend.shop", Destination: "catalog-v1.shop", Service: "catalog", Reporter: "destination", Requests: 30, Failed: 3},
		{Source: "frontend.shop", Destination: "catalog-v2.shop", Service: "catalog", Reporter: "destination", Requests: 10},
		{Source: "frontend.shop", Destination: "orders.shop", Service: "orders", Reporter: "destination", Requests: 5, GRPCFailed: 1},
		{Source: "orders.shop", Destination: "payments.bank", Service: "payments", Reporter: "waypoint", Requests: 2, Failed: 1},
		{Source: "orders.shop", Destination: "db.bank", Service: "db", Reporter: "destination", TCP: 1024},
	}
}

// Quantiles of every edge's latency, in milliseconds: four fifths of the
// requests take 5 to 10, three twentieths 25 to 50, one twentieth 250 to 500.
const (
	P50 = 5 + 5*0.5/0.8
	P90 = 25 + 25*0.1/0.15
	P99 = 250 + 250*0.04/0.05
)

// buckets are the upper bounds of Istio's histograms of durations, in
// milliseconds, and the share of requests up to there.
func buckets() (bounds, shares []float64) {
	bounds = []float64{0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000, math.Inf(1)}
	for _, bound := range bounds {
		switch {
		case bound <= 5:
			shares = append(shares, 0)
		case bound <= 25:
			shares = append(shares, 0.8)
		case bound <= 250:
			shares = append(shares, 0.95)
		default:
			shares = append(shares, 1)
		}
	}
	return bounds, shares
}

// Traffic is what the proxies of both sides count of edges.
func Traffic(edges []Edge) []Series {
	var all []Series
	for _, e := range edges {
		all = append(all, e.series(e.Reporter)...)
		if e.Source != "unknown.unknown" {
			all = append(all, e.series("source")...)
		}
	}
	return all
}

func cut(name string) (workload, namespace string) {
	for i := range name {
		if name[i] == '.' {
			return name[:i], name[i+1:]
		}
	}
	return name, ""
}

func (e Edge) series(reporter string) []Series {
	source, sourceNamespace := cut(e.Source)
	destination, namespace := cut(e.Destination)
	counter, counterNamespace := destination, namespace
	if reporter == "source" {
		counter, counterNamespace = source, sourceNamespace
	}
	labels := map[string]string{
		"reporter": reporter, "job": "pods", "app": counter, "namespace": counterNamespace, "pod": counter + "-5d8f-x7k2p",
		"instance": "10.0.0.1:15020", "source_workload": source, "source_workload_namespace": sourceNamespace,
		"source_app": source, "source_cluster": "Kubernetes",
		"destination_workload": destination, "destination_workload_namespace": namespace, "destination_app": destination,
		"destination_cluster": "Kubernetes", "destination_service_name": e.Service, "destination_service_namespace": namespace,
		"destination_service": e.Service + "." + namespace + ".svc.cluster.local",
		"response_flags":      "-", "connection_security_policy": "mutual_tls",
	}
	if source == "unknown" {
		labels["connection_security_policy"] = "none"
	}
	if e.TCP > 0 {
		labels["request_protocol"] = "tcp"
		return []Series{
			{Name: "istio_tcp_received_bytes_total", Labels: labels, Rate: e.TCP},
			{Name: "istio_tcp_sent_bytes_total", Labels: labels, Rate: 2 * e.TCP},
			{Name: "istio_tcp_connections_opened_total", Labels: labels, Rate: 0.1},
			{Name: "istio_tcp_connections_closed_total", Labels: labels, Rate: 0.1},
		}
	}
	labels["request_protocol"] = "http"
	var all []Series
	for _, part := range []struct {
		rate       float64
		code, grpc string
		flags      string
	}{
		{e.Requests - e.Failed - e.GRPCFailed, "200", "", "-"},
		{e.Failed, "503", "", "UF"},
		{e.GRPCFailed, "200", "14", "-"},
	} {
		if part.rate <= 0 {
			continue
		}
		l := with(labels, "response_code", part.code, "grpc_response_status", part.grpc, "response_flags", part.flags)
		all = append(all, Series{Name: "istio_requests_total", Labels: l, Rate: part.rate})
		for _, name := range []string{"istio_request_duration_milliseconds", "istio_request_bytes", "istio_response_bytes"} {
			all = append(all, histogram(name, l, part.rate)...)
		}
	}
	return all
}

// histogram has a rate of observations, which lie as Quantiles says.
func histogram(name string, labels map[string]string, rate float64) []Series {
	bounds, shares := buckets()
	all := []Series{
		{Name: name + "_count", Labels: labels, Rate: rate},
		{Name: name + "_sum", Labels: labels, Rate: 20 * rate},
	}
	for i, bound := range bounds {
		all = append(all, Series{Name: name + "_bucket", Labels: with(labels, "le", le(bound)), Rate: rate * shares[i]})
	}
	return all
}

// Containers is what kubelets count for the workloads of edges, and for istiod.
func Containers(edges []Edge) []Series {
	pods := map[string][]string{"istiod.istio-system": {"discovery"}}
	for _, e := range edges {
		pods[e.Destination] = []string{"app", "istio-proxy"}
	}
	var all []Series
	for workload, containers := range pods {
		name, namespace := cut(workload)
		for i, container := range containers {
			labels := map[string]string{
				"job": "containers", "node": "node-1", "instance": "node-1", "namespace": namespace,
				"pod": name + "-5d8f-x7k2p", "container": container, "id": fmt.Sprintf("/kubepods/%s/%d", name, i), "image": "x",
			}
			all = append(all,
				Series{Name: "container_cpu_usage_seconds_total", Labels: labels, Rate: 0.25},
				Series{Name: "container_cpu_cfs_periods_total", Labels: labels, Rate: 10},
				Series{Name: "container_cpu_cfs_throttled_periods_total", Labels: labels, Rate: 1},
				Series{Name: "container_memory_working_set_bytes", Labels: labels, Value: 100 << 20},
				Series{Name: "container_spec_memory_limit_bytes", Labels: labels, Value: 400 << 20},
			)
		}
	}
	return all
}

// Istiod is what a control plane with 12 proxies counts. The names and labels
// are those of Istio 1.31; a test on the lab compares them with a real istiod's.
func Istiod() []Series {
	labels := map[string]string{"job": "pods", "app": "istiod", "namespace": "istio-system", "pod": "istiod-5d8f-x7k2p", "instance": "10.0.0.9:15014"}
	var all []Series
	for name, value := range map[string]float64{
		"go_goroutines": 700, "go_memstats_heap_inuse_bytes": 90 << 20, "citadel_server_root_cert_expiry_seconds": 3e8,
		"pilot_conflict_inbound_listener": 0, "pilot_conflict_outbound_listener_tcp_over_current_tcp": 0,
		"pilot_vservice_dup_domain": 0, "pilot_destrule_subsets": 1,
	} {
		all = append(all, Series{Name: name, Labels: labels, Value: value})
	}
	all = append(all,
		Series{Name: "pilot_xds", Labels: with(labels, "version", "1.31.1"), Value: 12},
		Series{Name: "istio_build", Labels: with(labels, "component", "pilot", "tag", "1.31.1"), Value: 1},
	)
	for name, rate := range map[string]float64{
		"citadel_server_success_cert_issuance_count": 0.01, "sidecar_injection_success_total": 0.02, "sidecar_injection_failure_total": 0.001,
		"galley_validation_failed": 0.01, "citadel_server_authentication_failure_count": 0.001, "pilot_total_xds_internal_errors": 0.001,
	} {
		all = append(all, Series{Name: name, Labels: labels, Rate: rate})
	}
	for name, kinds := range map[string][]string{
		"pilot_xds_pushes": {"cds", "eds", "lds", "rds"}, "pilot_push_triggers": {"config", "endpoint"},
		"pilot_k8s_cfg_events": {"VirtualService"}, "pilot_k8s_reg_events": {"Pods", "Services"}, "pilot_total_xds_rejects": {"cds"},
	} {
		for _, kind := range kinds {
			all = append(all, Series{Name: name, Labels: with(labels, "type", kind), Rate: 0.5})
		}
	}
	for _, name := range []string{"pilot_proxy_convergence_time", "pilot_proxy_queue_time", "pilot_xds_push_time", "sidecar_injection_time_seconds"} {
		all = append(all, histogram(name, labels, 1)...)
	}
	return all
}
