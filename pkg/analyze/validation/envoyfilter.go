package validation

import (
	"regexp"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/resource"
)

// EnvoyFilter checks an EnvoyFilter.
func EnvoyFilter(filter *networking.EnvoyFilter) []Problem {
	r := &report{}
	r.warnf(spec(), "an EnvoyFilter depends on details of the proxy's configuration that change between releases: prefer other kinds where they can do it")
	if !r.workloadSelector(filter.GetWorkloadSelector()) {
		return r.problems[1:]
	}
	for i, patch := range filter.GetConfigPatches() {
		r.configPatch(sub(spec(), "configPatches", i), patch)
	}
	return r.problems
}

// configPatch checks one patch. What cannot be judged after a mistake is left out.
func (r *report) configPatch(at resource.FieldPath, patch *networking.EnvoyFilter_EnvoyConfigObjectPatch) {
	match := patch.GetMatch()
	switch {
	case patch == nil:
		r.errorf(at, "a patch must not be null")
		return
	case match.GetContext() == networking.EnvoyFilter_WAYPOINT:
		return
	case patch.GetApplyTo() == networking.EnvoyFilter_INVALID:
		r.errorf(at, "a patch needs applyTo")
		return
	case patch.GetPatch() == nil:
		r.errorf(at, "a patch is required")
		return
	case patch.GetPatch().GetOperation() == networking.EnvoyFilter_Patch_INVALID:
		r.errorf(sub(at, "patch"), "a patch needs an operation")
		return
	case patch.GetPatch().GetOperation() != networking.EnvoyFilter_Patch_REMOVE && patch.GetPatch().GetValue() == nil:
		r.errorf(sub(at, "patch"), "operation %s needs a value", patch.GetPatch().GetOperation())
		return
	}
	if version := match.GetProxy().GetProxyVersion(); version != "" {
		const longest = 1024
		if len(version) > longest {
			r.warnf(sub(at, "match", "proxy", "proxyVersion"), "a proxyVersion of more than %d characters is ignored", longest)
		} else if _, err := regexp.Compile(version); err != nil {
			r.errorf(sub(at, "match", "proxy", "proxyVersion"), "proxyVersion is not a regular expression: %v", err)
			return
		}
	}
	if r.patchMatch(sub(at, "match"), patch.GetApplyTo(), match) {
		r.patchValue(sub(at, "patch", "value"), patch.GetApplyTo(), patch.GetPatch().GetValue())
	}
}

// patchMatch checks that a match fits what the patch is applied to. It
// reports whether the patch's value is worth a look.
func (r *report) patchMatch(at resource.FieldPath, target networking.EnvoyFilter_ApplyTo, match *networking.EnvoyFilter_EnvoyConfigObjectMatch) bool {
	if match.GetObjectTypes() == nil {
		return true
	}
	switch target {
	case networking.EnvoyFilter_LISTENER, networking.EnvoyFilter_FILTER_CHAIN, networking.EnvoyFilter_NETWORK_FILTER, networking.EnvoyFilter_HTTP_FILTER:
		if match.GetListener() == nil {
			r.errorf(at, "applyTo %s needs a listener match", target)
			return false
		}
		return r.filterMatch(sub(at, "listener", "filterChain", "filter"), target, match.GetListener().GetFilterChain().GetFilter())
	case networking.EnvoyFilter_ROUTE_CONFIGURATION, networking.EnvoyFilter_VIRTUAL_HOST, networking.EnvoyFilter_HTTP_ROUTE:
		if match.GetRouteConfiguration() == nil {
			r.errorf(at, "applyTo %s needs a routeConfiguration match", target)
		}
	case networking.EnvoyFilter_CLUSTER:
		if match.GetCluster() == nil {
			r.errorf(at, "applyTo CLUSTER needs a cluster match")
		}
	}
	return true
}

// connectionManager is the network filter that has http filters, by its present and its old name.
const (
	connectionManager    = "envoy.filters.network.http_connection_manager"
	oldConnectionManager = "envoy.http_connection_manager"
)

func (r *report) filterMatch(at resource.FieldPath, target networking.EnvoyFilter_ApplyTo, filter *networking.EnvoyFilter_ListenerMatch_FilterMatch) bool {
	if filter == nil {
		return true
	}
	if target == networking.EnvoyFilter_LISTENER || target == networking.EnvoyFilter_FILTER_CHAIN {
		r.warnf(at, "a filter match has no effect with applyTo %s", target)
	}
	inner := filter.GetSubFilter()
	switch {
	case filter.GetName() == "":
		r.errorf(at, "a filter match needs a name")
		return false
	case inner == nil:
	case target != networking.EnvoyFilter_HTTP_FILTER:
		r.errorf(sub(at, "subFilter"), "a subFilter match needs applyTo HTTP_FILTER")
		return false
	case filter.GetName() != connectionManager && filter.GetName() != oldConnectionManager:
		r.errorf(sub(at, "name"), "a subFilter match needs the filter %s", connectionManager)
		return false
	case inner.GetName() == "":
		r.errorf(sub(at, "subFilter"), "a subFilter match needs a name")
		return false
	}
	r.oldFilterName(sub(at, "name"), filter.GetName())
	r.oldFilterName(sub(at, "subFilter", "name"), inner.GetName())
	return true
}

func (r *report) oldFilterName(at resource.FieldPath, name string) {
	if now := renamedFilter(name); now != "" {
		r.warnf(at, "filter %q was renamed to %q", name, now)
	}
}

// renamedFilter is the present name of a filter, given one of Envoy's names before 1.14.
func renamedFilter(old string) string {
	switch old {
	case "envoy.buffer", "envoy.cors", "envoy.csrf", "envoy.fault", "envoy.grpc_http1_bridge", "envoy.grpc_json_transcoder",
		"envoy.grpc_web", "envoy.gzip", "envoy.health_check", "envoy.ip_tagging", "envoy.lua", "envoy.router", "envoy.squash":
		return "envoy.filters.http." + old[len("envoy."):]
	case "envoy.http_dynamo_filter":
		return "envoy.filters.http.dynamo"
	case "envoy.rate_limit":
		return "envoy.filters.http.ratelimit"
	case "envoy.listener.http_inspector", "envoy.listener.original_dst", "envoy.listener.original_src", "envoy.listener.proxy_protocol", "envoy.listener.tls_inspector":
		return "envoy.filters." + old[len("envoy."):]
	case "envoy.client_ssl_auth", "envoy.ext_authz", "envoy.http_connection_manager", "envoy.mongo_proxy", "envoy.ratelimit", "envoy.redis_proxy", "envoy.tcp_proxy":
		return "envoy.filters.network." + old[len("envoy."):]
	}
	return ""
}
