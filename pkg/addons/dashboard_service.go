package addons

// anyTraffic are the metrics that tell that something has traffic at all.
const anyTraffic = `{__name__=~"istio_requests_total|istio_tcp_connections_opened_total"}`

func serviceDashboard() Dashboard {
	of := golden{observed + `,destination_service_namespace="$namespace",destination_service_name="$service"`}
	client := golden{`reporter="source",destination_service_namespace="$namespace",destination_service_name="$service"`}
	const source = "source_workload_namespace,source_workload"
	const sourceLegend = "{{source_workload}}.{{source_workload_namespace}}"
	const workload = "destination_workload_namespace,destination_workload"
	// A service has no containers; its workloads do. Their pods are named like them.
	pods := used{`namespace="$namespace",pod=~"$workload-.*",container!=""`}
	return Dashboard{
		Name: "service", Title: "Istio Service", About: "The four golden signals of one service.",
		KialiVariables: "namespace: var-namespace, service: var-service",
		Variables: []Variable{
			{"namespace", "Namespace", anyTraffic, "destination_service_namespace"},
			{"service", "Service", withLabel(anyTraffic, `destination_service_namespace="$namespace"`), "destination_service_name"},
			{"workload", "Workload, for saturation", withLabel(anyTraffic, `destination_service_namespace="$namespace",destination_service_name="$service"`), "destination_workload"},
		},
		Rows: []Row{
			now(of),
			{"Traffic", []Panel{
				{Title: "Requests by caller", Unit: requests, Queries: []Query{{Legend: sourceLegend, PromQL: of.requests(source)}}},
				{Title: "Requests by version", About: "By the workload that answers.", Unit: requests, Queries: []Query{{Legend: "{{destination_workload}}", PromQL: of.requests(workload)}}},
				{Title: "TCP", Unit: sizeps, Queries: of.tcp()},
			}},
			{"Errors", []Panel{
				{Title: "Requests by response", Unit: requests, Queries: []Query{{Legend: "{{response_code}} {{response_flags}}", PromQL: of.requests("response_code,response_flags")}}},
				{Title: "Failing by caller", Unit: share, Max: 1, Queries: []Query{{Legend: sourceLegend, PromQL: of.errorShare(source)}}},
				{Title: "Failing as callers see it", About: "Where it is more than what the service itself sees, requests fail on the way: timeouts, no healthy endpoint, broken TLS.", Unit: share, Max: 1,
					Queries: []Query{{Legend: "callers", PromQL: client.errorShare("")}, {Legend: "the service", PromQL: of.errorShare("")}}},
			}},
			{"Latency", []Panel{
				{Title: "As the service sees it", Unit: millis, Queries: of.latencies()},
				{Title: "As callers see it", Unit: millis, Queries: client.latencies()},
				{Title: "p99 by version", Unit: millis, Queries: []Query{{Legend: "{{destination_workload}}", PromQL: of.latency(0.99, workload)}}},
			}},
			pods.saturation("pod,container", "{{pod}} {{container}}"),
		},
	}
}

// now is the first row of a dashboard: what counts, as numbers.
func now(of golden) Row {
	return Row{"Now", []Panel{
		{Title: "Requests", Kind: Number, Unit: requests, Queries: []Query{{PromQL: of.requests("")}}},
		{Title: "Failing", Kind: Number, Unit: share, Queries: []Query{{PromQL: of.errorShare("")}}},
		{Title: "Latency p50", Kind: Number, Unit: millis, Queries: []Query{{PromQL: of.latency(0.5, "")}}},
		{Title: "Latency p99", Kind: Number, Unit: millis, Queries: []Query{{PromQL: of.latency(0.99, "")}}},
	}}
}

// withLabel adds matchers to a series selector that has some.
func withLabel(selector, matchers string) string {
	return selector[:len(selector)-1] + "," + matchers + "}"
}
