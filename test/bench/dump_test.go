package bench

import (
	"bytes"
	"fmt"
	"testing"
)

func dumpFile(b *testing.B, dir string) { write(b, dir, "dump.json", dump(1000)) }

// bigDumpFile is for the budget of 1.5 s and 300 MB for any one view of 100 MB.
func bigDumpFile(b *testing.B, dir string) { write(b, dir, "dump.json", dump(6000)) }

// dumpPair is for the budget of 3 s for a comparison of two dumps of 50 MB. Every route
// has other weights in the second.
func dumpPair(b *testing.B, dir string) {
	before := dump(3000)
	write(b, dir, "before.json", before)
	write(b, dir, "after.json", bytes.ReplaceAll(before, []byte(`"weight":90`), []byte(`"weight":80`)))
}

// dump is the configuration of a proxy that sees the given number of services,
// with the sections, types and fields that istiod sends, about 16 KB a service.
func dump(services int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"configs":[{"@type":"type.googleapis.com/envoy.admin.v3.BootstrapConfigDump","bootstrap":{"node":{"id":"sidecar~10.0.0.1~a.b~b.svc.cluster.local","metadata":{"ISTIO_VERSION":"1.31.1"}}}},`)
	b.WriteString(`{"@type":"type.googleapis.com/envoy.admin.v3.ClustersConfigDump","version_info":"1","dynamic_active_clusters":[`)
	each(&b, services, func(i int) {
		each(&b, 3, func(k int) {
			subset := []string{"", "v1", "v2"}[k]
			fmt.Fprintf(&b, `{"version_info":"1","cluster":{"@type":"type.googleapis.com/envoy.config.cluster.v3.Cluster","name":"outbound|8080|%[2]s|svc-%[1]d.team.svc.cluster.local","type":"EDS","eds_cluster_config":{"eds_config":{"ads":{},"initial_fetch_timeout":"0s","resource_api_version":"V3"},"service_name":"outbound|8080|%[2]s|svc-%[1]d.team.svc.cluster.local"},"connect_timeout":"10s","lb_policy":"LEAST_REQUEST","circuit_breakers":{"thresholds":[{"max_connections":4294967295,"max_pending_requests":4294967295,"max_requests":4294967295,"max_retries":4294967295,"track_remaining":true}]},"common_lb_config":{"locality_weighted_lb_config":{}},"metadata":{"filter_metadata":{"istio":{"config":"/apis/networking.istio.io/v1/namespaces/team/destination-rule/svc-%[1]d","services":[{"host":"svc-%[1]d.team.svc.cluster.local","name":"svc-%[1]d","namespace":"team"}],"default_original_port":8080,"subset":"%[2]s"}}},"transport_socket_matches":[{"name":"tlsMode-istio","match":{"tlsMode":"istio"},"transport_socket":{"name":"envoy.transport_sockets.tls","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext","common_tls_context":{"alpn_protocols":["istio-peer-exchange","istio"],"tls_certificate_sds_secret_configs":[{"name":"default","sds_config":{"api_config_source":{"api_type":"GRPC","grpc_services":[{"envoy_grpc":{"cluster_name":"sds-grpc"}}],"transport_api_version":"V3"},"initial_fetch_timeout":"0s","resource_api_version":"V3"}}],"combined_validation_context":{"default_validation_context":{"match_subject_alt_names":[{"exact":"spiffe://cluster.local/ns/team/sa/svc-%[1]d"}]},"validation_context_sds_secret_config":{"name":"ROOTCA"}}},"sni":"outbound_.8080_.%[2]s_.svc-%[1]d.team.svc.cluster.local"}}},{"name":"tlsMode-disabled","match":{},"transport_socket":{"name":"envoy.transport_sockets.raw_buffer","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"}}}],"filters":[{"name":"istio.metadata_exchange","typed_config":{"@type":"type.googleapis.com/udpa.type.v1.TypedStruct","type_url":"type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange","value":{"enable_discovery":true,"protocol":"istio-peer-exchange"}}}]},"last_updated":"2026-11-01T10:00:00.000Z"}`, i, subset)
		})
	})
	b.WriteString(`]},{"@type":"type.googleapis.com/envoy.admin.v3.ListenersConfigDump","version_info":"1","dynamic_listeners":[`)
	each(&b, services, func(i int) {
		fmt.Fprintf(&b, `{"name":"10.1.%[2]d.%[3]d_8080","active_state":{"version_info":"1","listener":{"@type":"type.googleapis.com/envoy.config.listener.v3.Listener","name":"10.1.%[2]d.%[3]d_8080","address":{"socket_address":{"address":"10.1.%[2]d.%[3]d","port_value":8080}},"filter_chains":[{"filter_chain_match":{"transport_protocol":"raw_buffer","application_protocols":["http/1.1","h2c"]},"filters":[{"name":"envoy.filters.network.http_connection_manager","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager","stat_prefix":"outbound_10.1.%[2]d.%[3]d_8080","rds":{"config_source":{"ads":{},"initial_fetch_timeout":"0s","resource_api_version":"V3"},"route_config_name":"svc-%[1]d.team.svc.cluster.local:8080"},"http_filters":[{"name":"istio.metadata_exchange","typed_config":{"@type":"type.googleapis.com/udpa.type.v1.TypedStruct","type_url":"type.googleapis.com/io.istio.http.peer_metadata.Config","value":{"upstream_discovery":[{"istio_headers":{}},{"workload_discovery":{}}],"upstream_propagation":[{"istio_headers":{}}]}}},{"name":"istio.alpn","typed_config":{"@type":"type.googleapis.com/istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig","alpn_override":[{"alpn_override":["istio-http/1.0","istio","http/1.0"]},{"upstream_protocol":"HTTP11","alpn_override":["istio-http/1.1","istio","http/1.1"]},{"upstream_protocol":"HTTP2","alpn_override":["istio-h2","istio","h2"]}]}},{"name":"envoy.filters.http.fault","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"}},{"name":"envoy.filters.http.cors","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors"}},{"name":"istio.stats","typed_config":{"@type":"type.googleapis.com/stats.PluginConfig"}},{"name":"envoy.filters.http.router","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}],"tracing":{"client_sampling":{"value":100},"random_sampling":{"value":1},"overall_sampling":{"value":100},"custom_tags":[{"tag":"istio.authorization.dry_run.allow_policy.name","metadata":{"kind":{"request":{}},"metadata_key":{"key":"envoy.filters.http.rbac","path":[{"key":"istio_dry_run_allow_shadow_effective_policy_id"}]}}},{"tag":"istio.canonical_revision","literal":{"value":"v1"}},{"tag":"istio.mesh_id","literal":{"value":"cluster.local"}}]},"access_log":[{"name":"envoy.access_loggers.file","typed_config":{"@type":"type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog","path":"/dev/stdout","log_format":{"text_format_source":{"inline_string":"[%%START_TIME%%] %%REQ(:METHOD)%% %%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%% %%PROTOCOL%% %%RESPONSE_CODE%%\n"}}}}]}}]}],"default_filter_chain":{"filters":[{"name":"envoy.filters.network.tcp_proxy","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy","stat_prefix":"outbound|8080||svc-%[1]d.team.svc.cluster.local","cluster":"outbound|8080||svc-%[1]d.team.svc.cluster.local"}}]},"traffic_direction":"OUTBOUND"},"last_updated":"2026-11-01T10:00:00.000Z"}}`, i, i/250, i%250)
	})
	b.WriteString(`]},{"@type":"type.googleapis.com/envoy.admin.v3.RoutesConfigDump","dynamic_route_configs":[`)
	each(&b, services, func(i int) {
		fmt.Fprintf(&b, `{"version_info":"1","route_config":{"@type":"type.googleapis.com/envoy.config.route.v3.RouteConfiguration","name":"svc-%[1]d.team.svc.cluster.local:8080","virtual_hosts":[{"name":"svc-%[1]d.team.svc.cluster.local:8080","domains":["svc-%[1]d.team.svc.cluster.local","svc-%[1]d","svc-%[1]d.team.svc","svc-%[1]d.team","10.1.%[2]d.%[3]d"],"routes":[`, i, i/250, i%250)
		each(&b, 8, func(k int) {
			fmt.Fprintf(&b, `{"name":"r-%[2]d","match":{"prefix":"/api/v%[2]d","case_sensitive":true,"headers":[{"name":"x-user","string_match":{"exact":"user-%[2]d"}}]},"route":{"weighted_clusters":{"clusters":[{"name":"outbound|8080|v1|svc-%[1]d.team.svc.cluster.local","weight":90},{"name":"outbound|8080|v2|svc-%[1]d.team.svc.cluster.local","weight":10}]},"timeout":"15s","retry_policy":{"retry_on":"connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes","num_retries":2,"retry_host_predicate":[{"name":"envoy.retry_host_predicates.previous_hosts","typed_config":{"@type":"type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"}}],"host_selection_retry_max_attempts":"5"},"max_grpc_timeout":"15s"},"metadata":{"filter_metadata":{"istio":{"config":"/apis/networking.istio.io/v1/namespaces/team/virtual-service/svc-%[1]d"}}},"decorator":{"operation":"svc-%[1]d.team.svc.cluster.local:8080/api/v%[2]d*"}}`, i, k)
		})
		b.WriteString(`],"include_request_attempt_count":true}],"validate_clusters":false,"max_direct_response_body_size_bytes":1048576,"ignore_port_in_host_matching":true},"last_updated":"2026-11-01T10:00:00.000Z"}`)
	})
	b.WriteString(`]}]}`)
	return b.Bytes()
}

// each writes n items with commas between them.
func each(b *bytes.Buffer, n int, item func(i int)) {
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		item(i)
	}
}

// TestDumpIsOfTheSizeThatTheBudgetSpeaksOf keeps the benchmark honest.
func TestDumpIsOfTheSizeThatTheBudgetSpeaksOf(t *testing.T) {
	if mb := len(dump(1000)) / 1e6; mb < 15 || mb > 18 {
		t.Errorf("the dump has %d MB, the budget speaks of 16", mb)
	}
}
