package addons

func meshDashboard() Dashboard {
	all := golden{observed}
	proxies := used{`container="istio-proxy"`}
	const workload = "destination_workload_namespace,destination_workload"
	const legend = "{{destination_workload}}.{{destination_workload_namespace}}"
	return Dashboard{
		Name: "mesh", Title: "Istio Mesh", About: "The four golden signals of all traffic in the mesh.",
		Rows: []Row{
			{"Now", []Panel{
				{Title: "Requests", Kind: Number, Unit: requests, Queries: []Query{{PromQL: all.requests("")}}},
				{Title: "Failing", Kind: Number, Unit: share, Queries: []Query{{PromQL: all.errorShare("")}}},
				{Title: "Latency p99", Kind: Number, Unit: millis, Queries: []Query{{PromQL: all.latency(0.99, "")}}},
				{Title: "TCP", About: "Bytes sent and received outside of HTTP.", Kind: Number, Unit: sizeps, Queries: []Query{{
					PromQL: all.sum("", "istio_tcp_sent_bytes_total", "") + " + " + all.sum("", "istio_tcp_received_bytes_total", "")}}},
			}},
			{"Traffic and errors", []Panel{
				{Title: "Requests by namespace", Unit: requests, Queries: []Query{{Legend: "{{destination_workload_namespace}}", PromQL: all.requests("destination_workload_namespace")}}},
				{Title: "Requests by response", About: "0 is a connection that broke before there was an answer.", Unit: requests,
					Queries: []Query{{Legend: "{{response_code}}", PromQL: all.requests("response_code")}}},
				{Title: "Workloads that fail most", Unit: share, Max: 1, Queries: []Query{{Legend: legend, PromQL: "topk(10, " + all.errorShare(workload) + " > 0)"}}},
			}},
			{"Latency", []Panel{
				{Title: "All requests", Unit: millis, Queries: all.latencies()},
				{Title: "Slowest workloads, p99", Unit: millis, Queries: []Query{{Legend: legend, PromQL: "topk(10, " + all.latency(0.99, workload) + " > 0)"}}},
				{Title: "TCP", Unit: sizeps, Queries: all.tcp()},
			}},
			{"Workloads", []Panel{
				{Title: "Workloads", Kind: Table, Queries: []Query{
					{Legend: "Requests", Unit: requests, PromQL: all.requests(workload)},
					{Legend: "Failing", Unit: share, PromQL: all.errorShare(workload)},
					{Legend: "p50", Unit: millis, PromQL: all.latency(0.5, workload)},
					{Legend: "p90", Unit: millis, PromQL: all.latency(0.9, workload)},
					{Legend: "p99", Unit: millis, PromQL: all.latency(0.99, workload)},
				}},
			}},
			proxySaturation(proxies),
		},
	}
}

// proxySaturation is what the proxies of the mesh cost and whether they have
// enough.
func proxySaturation(proxies used) Row {
	row := proxies.saturation("namespace", "{{namespace}}")
	row.Title = "Saturation of the proxies"
	row.Panels[2].Queries[0] = Query{Legend: "{{pod}}.{{namespace}}", PromQL: "topk(10, " + proxies.memoryShare("namespace,pod") + ")"}
	row.Panels[3].Queries[0] = Query{Legend: "{{pod}}.{{namespace}}", PromQL: "topk(10, " + proxies.throttled("namespace,pod") + " > 0)"}
	return row
}
