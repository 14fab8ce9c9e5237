package addons

// controlPlaneDashboard shows istiod: what it is asked (traffic), what it
// refuses and what is refused to it (errors), how long a change takes to reach
// the proxies (latency), and what it uses (saturation).
func controlPlaneDashboard() Dashboard {
	const every = "[$__rate_interval]"
	istiod := used{`pod=~"istiod-.*",container="discovery"`}
	quantiles := func(metric string) []Query {
		var all []Query
		for _, q := range []struct{ name, value string }{{"p50", "0.5"}, {"p90", "0.9"}, {"p99", "0.99"}} {
			all = append(all, Query{Legend: q.name, PromQL: "histogram_quantile(" + q.value + ", sum by (le) (rate(" + metric + "_bucket" + every + ")))"})
		}
		return all
	}
	return Dashboard{
		Name: "control-plane", Title: "Istio Control Plane", About: "The four golden signals of istiod.",
		Rows: []Row{
			{"Now", []Panel{
				{Title: "Proxies connected", Kind: Number, Unit: count, Queries: []Query{{PromQL: `sum(pilot_xds)`}}},
				{Title: "Configuration refused by proxies", Kind: Number, Unit: persec, Queries: []Query{{PromQL: `sum(rate(pilot_total_xds_rejects` + every + `)) or vector(0)`}}},
				{Title: "A change reaches proxies, p99", Kind: Number, Unit: seconds, Queries: []Query{quantiles("pilot_proxy_convergence_time")[2]}},
				{Title: "The root certificate ends in", Kind: Number, Unit: seconds, Queries: []Query{{PromQL: `min(citadel_server_root_cert_expiry_seconds)`}}},
			}},
			{"Traffic", []Panel{
				{Title: "Pushes by type", Unit: persec, Queries: []Query{{Legend: "{{type}}", PromQL: `sum by (type) (rate(pilot_xds_pushes` + every + `))`}}},
				{Title: "What caused pushes", Unit: persec, Queries: []Query{{Legend: "{{type}}", PromQL: `sum by (type) (rate(pilot_push_triggers` + every + `))`}}},
				{Title: "Events from Kubernetes", Unit: persec, Queries: []Query{
					{Legend: "configuration {{type}}", PromQL: `sum by (type) (rate(pilot_k8s_cfg_events` + every + `))`},
					{Legend: "services and pods {{type}}", PromQL: `sum by (type) (rate(pilot_k8s_reg_events` + every + `))`},
				}},
				{Title: "Certificates and injections", Unit: persec, Queries: []Query{
					{Legend: "certificates", PromQL: `sum(rate(citadel_server_success_cert_issuance_count` + every + `))`},
					{Legend: "pods injected", PromQL: `sum(rate(sidecar_injection_success_total` + every + `))`},
				}},
			}},
			{"Errors", []Panel{
				{Title: "Refused by proxies", About: "What `meshctl proxy-status` shows as ERROR.", Unit: persec,
					Queries: []Query{{Legend: "{{type}}", PromQL: `sum by (type) (rate(pilot_total_xds_rejects` + every + `)) or vector(0)`}}},
				{Title: "Refused by istiod", Unit: persec, Queries: []Query{
					{Legend: "configuration", PromQL: `sum(rate(galley_validation_failed` + every + `)) or vector(0)`},
					{Legend: "injection", PromQL: `sum(rate(sidecar_injection_failure_total` + every + `)) or vector(0)`},
					{Legend: "certificates", PromQL: `sum(rate(citadel_server_authentication_failure_count` + every + `)) or vector(0)`},
					{Legend: "internal", PromQL: `sum(rate(pilot_total_xds_internal_errors` + every + `)) or vector(0)`},
				}},
				{Title: "Configuration that conflicts", About: "`meshctl analyze` names it.", Unit: count, Queries: []Query{
					{Legend: "listeners, inbound", PromQL: `sum(pilot_conflict_inbound_listener) or vector(0)`},
					{Legend: "listeners, TCP over TCP", PromQL: `sum(pilot_conflict_outbound_listener_tcp_over_current_tcp) or vector(0)`},
					{Legend: "duplicate hosts", PromQL: `sum(pilot_vservice_dup_domain) or vector(0)`},
					{Legend: "duplicate subsets", PromQL: `sum(pilot_destrule_subsets) or vector(0)`},
				}},
			}},
			{"Latency", []Panel{
				{Title: "From a change to the proxies", About: "The time from an event until the last proxy has its configuration.", Unit: seconds, Queries: quantiles("pilot_proxy_convergence_time")},
				{Title: "In the queue", About: "How long a proxy waits for its turn.", Unit: seconds, Queries: quantiles("pilot_proxy_queue_time")},
				{Title: "Making and sending", Unit: seconds, Queries: quantiles("pilot_xds_push_time")},
				{Title: "Injection", Unit: seconds, Queries: quantiles("sidecar_injection_time_seconds")},
			}},
			istiod.saturation("namespace,pod", "{{pod}}"),
			{"Each istiod", []Panel{
				{Title: "Proxies connected", Unit: count, Queries: []Query{{Legend: "{{pod}} {{version}}", PromQL: `sum by (pod,version) (pilot_xds)`}}},
				{Title: "Goroutines", Unit: count, Queries: []Query{{Legend: "{{pod}}", PromQL: `sum by (pod) (go_goroutines{app="istiod"})`}}},
				{Title: "Heap", Unit: size, Queries: []Query{{Legend: "{{pod}}", PromQL: `sum by (pod) (go_memstats_heap_inuse_bytes{app="istiod"})`}}},
				{Title: "Versions", Unit: count, Queries: []Query{{Legend: "{{component}} {{tag}}", PromQL: `sum by (component,tag) (istio_build)`}}},
			}},
		},
	}
}
