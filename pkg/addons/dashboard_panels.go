package addons

// callers groups what is counted by who calls; callerLegend names them.
const (
	callers      = "source_workload_namespace,source_workload"
	callerLegend = "{{source_workload}}.{{source_workload_namespace}}"
)

// now is the first row of a dashboard: what counts, as numbers.
func now(of golden) Row {
	return Row{"Now", []Panel{
		{Title: "Requests", Kind: Number, Unit: requests, Queries: []Query{{PromQL: of.requests("")}}},
		{Title: "Failing", Kind: Number, Unit: share, Queries: []Query{{PromQL: of.errorShare("")}}},
		{Title: "Latency p50", Kind: Number, Unit: millis, Queries: []Query{{PromQL: of.latency(0.5, "")}}},
		{Title: "Latency p99", Kind: Number, Unit: millis, Queries: []Query{{PromQL: of.latency(0.99, "")}}},
	}}
}

func byCaller(of golden) Panel {
	return Panel{Title: "Requests by caller", Unit: requests, Queries: []Query{{Legend: callerLegend, PromQL: of.requests(callers)}}}
}

func failingByCaller(of golden) Panel {
	return Panel{Title: "Failing by caller", Unit: share, Max: 1, Queries: []Query{{Legend: callerLegend, PromQL: of.errorShare(callers)}}}
}

func byResponse(of golden) Panel {
	const response = "response_code,response_flags"
	return Panel{Title: "Requests by response", Unit: requests, Queries: []Query{{Legend: "{{response_code}} {{response_flags}}", PromQL: of.requests(response)}}}
}

func tcp(of golden) Panel { return Panel{Title: "TCP", Unit: sizeps, Queries: of.tcp()} }

// podsOfWorkload is the saturation row of the workload that a dashboard's
// variables choose: its pods are named like it.
func podsOfWorkload() Row {
	pods := used{`namespace="$namespace",pod=~"$workload-.*",container!=""`}
	return pods.saturation("pod,container", "{{pod}} {{container}}")
}
