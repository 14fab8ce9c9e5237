package addons

// anyTraffic are the metrics that tell that something has traffic at all.
const anyTraffic = `{__name__=~"istio_requests_total|istio_tcp_connections_opened_total"}`

func serviceDashboard() Dashboard {
	of := golden{observed + `,destination_service_namespace="$namespace",destination_service_name="$service"`}
	client := golden{`reporter="source",destination_service_namespace="$namespace",destination_service_name="$service"`}
	const workload = "destination_workload_namespace,destination_workload"
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
				byCaller(of),
				{Title: "Requests by version", About: "By the workload that answers.", Unit: requests, Queries: []Query{{Legend: "{{destination_workload}}", PromQL: of.requests(workload)}}},
				tcp(of),
			}},
			{"Errors", []Panel{
				byResponse(of),
				failingByCaller(of),
				{Title: "Failing as callers see it", About: "Where it is more than what the service itself sees, requests fail on the way: timeouts, no healthy endpoint, broken TLS.", Unit: share, Max: 1,
					Queries: []Query{{Legend: "callers", PromQL: client.errorShare("")}, {Legend: "the service", PromQL: of.errorShare("")}}},
			}},
			{"Latency", []Panel{
				{Title: "As the service sees it", Unit: millis, Queries: of.latencies()},
				{Title: "As callers see it", Unit: millis, Queries: client.latencies()},
				{Title: "p99 by version", Unit: millis, Queries: []Query{{Legend: "{{destination_workload}}", PromQL: of.latency(0.99, workload)}}},
			}},
			podsOfWorkload(), // a service has no containers; its workloads do
		},
	}
}

// withLabel adds matchers to a series selector that has some.
func withLabel(selector, matchers string) string {
	return selector[:len(selector)-1] + "," + matchers + "}"
}
