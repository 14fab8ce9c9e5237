package addons

func workloadDashboard() Dashboard {
	in := golden{observed + `,destination_workload_namespace="$namespace",destination_workload="$workload"`}
	out := golden{`reporter="source",source_workload_namespace="$namespace",source_workload="$workload"`}
	const service = "destination_service_namespace,destination_service_name"
	const serviceLegend = "{{destination_service_name}}.{{destination_service_namespace}}"
	return Dashboard{
		Name: "workload", Title: "Istio Workload", About: "The four golden signals of one workload, and what it calls.",
		KialiVariables: "namespace: var-namespace, workload: var-workload",
		Variables: []Variable{
			{"namespace", "Namespace", anyTraffic, "destination_workload_namespace"},
			{"workload", "Workload", withLabel(anyTraffic, `destination_workload_namespace="$namespace"`), "destination_workload"},
		},
		Rows: []Row{
			now(in),
			{"Traffic", []Panel{
				byCaller(in),
				{Title: "Without mutual TLS", About: "Requests that came in plain text. Under STRICT it is 0.", Unit: requests,
					Queries: []Query{{Legend: callerLegend, PromQL: in.sum(callers, "istio_requests_total", `connection_security_policy!="mutual_tls"`)}}},
				tcp(in),
			}},
			{"Errors", []Panel{
				byResponse(in),
				failingByCaller(in),
			}},
			{"Latency", []Panel{
				{Title: "All requests", Unit: millis, Queries: in.latencies()},
				{Title: "p99 by caller", Unit: millis, Queries: []Query{{Legend: callerLegend, PromQL: in.latency(0.99, callers)}}},
				{Title: "Size of requests and responses, p90", Unit: size, Queries: []Query{
					{Legend: "request", PromQL: `histogram_quantile(0.9, ` + in.sum("le", "istio_request_bytes_bucket", "") + `)`},
					{Legend: "response", PromQL: `histogram_quantile(0.9, ` + in.sum("le", "istio_response_bytes_bucket", "") + `)`},
				}},
			}},
			{"What it calls", []Panel{
				{Title: "Requests by service", Unit: requests, Queries: []Query{{Legend: serviceLegend, PromQL: out.requests(service)}}},
				{Title: "Failing by service", Unit: share, Max: 1, Queries: []Query{{Legend: serviceLegend, PromQL: out.errorShare(service)}}},
				{Title: "p99 by service", Unit: millis, Queries: []Query{{Legend: serviceLegend, PromQL: out.latency(0.99, service)}}},
			}},
			podsOfWorkload(),
		},
	}
}
