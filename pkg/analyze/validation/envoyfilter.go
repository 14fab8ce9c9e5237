package validation

import (
	"regexp"

	networking "istio.io/api/networking/v1alpha3"
)

func (c *checker) envoyFilter(at *place, f *networking.EnvoyFilter) {
	if !c.networkingSelector(at.Child("workloadSelector"), f.WorkloadSelector) {
		return
	}
	c.warnf(nil, "an EnvoyFilter changes Envoy's internal configuration, which may be different in the next release; prefer other APIs, and test upgrades")
	for i, patch := range f.ConfigPatches {
		c.configPatch(item(at, "configPatches", i), patch)
	}
}

func (c *checker) configPatch(at *place, p *networking.EnvoyFilter_EnvoyConfigObjectPatch) {
	if p.GetMatch().GetContext() == networking.EnvoyFilter_WAYPOINT {
		return // not looked at by the control plane either
	}
	switch operation := p.GetPatch().GetOperation(); {
	case p.ApplyTo == networking.EnvoyFilter_INVALID:
		c.failf(at, "applyTo is missing")
	case p.Patch == nil:
		c.failf(at, "patch is missing")
	case operation == networking.EnvoyFilter_Patch_INVALID:
		c.failf(at.Child("patch"), "the patch needs an operation")
	case operation != networking.EnvoyFilter_Patch_REMOVE && p.Patch.Value == nil:
		c.failf(at.Child("patch"), "the patch needs a value, since its operation is not REMOVE")
	case c.proxyVersion(at.Child("match").Child("proxy").Child("proxyVersion"), p.GetMatch().GetProxy().GetProxyVersion()) &&
		c.matchFitsTarget(at.Child("match"), p):
		c.patchValue(at.Child("patch").Child("value"), p.ApplyTo, p.Patch.Value)
	}
}

func (c *checker) proxyVersion(at *place, pattern string) (valid bool) {
	const longest = 1024
	if len(pattern) > longest {
		c.warnf(at, "the pattern is longer than %d characters and is ignored", longest)
		return true
	}
	if _, err := regexp.Compile(pattern); err != nil {
		c.failf(at, "not a regular expression: %v", err)
		return false
	}
	return true
}

// matchFitsTarget checks that the match is about the kind of object that the
// patch is for. It reports whether the value is worth looking at.
func (c *checker) matchFitsTarget(at *place, p *networking.EnvoyFilter_EnvoyConfigObjectPatch) bool {
	if p.GetMatch().GetObjectTypes() == nil {
		return true
	}
	switch p.ApplyTo {
	case networking.EnvoyFilter_LISTENER, networking.EnvoyFilter_FILTER_CHAIN,
		networking.EnvoyFilter_NETWORK_FILTER, networking.EnvoyFilter_HTTP_FILTER:
		listener := p.Match.GetListener()
		if listener == nil {
			c.failf(at, "applyTo %v needs a match of a listener", p.ApplyTo)
			return false
		}
		if filter := listener.GetFilterChain().GetFilter(); filter != nil {
			return c.filterMatch(at.Child("listener").Child("filterChain").Child("filter"), p.ApplyTo, filter)
		}
	case networking.EnvoyFilter_ROUTE_CONFIGURATION, networking.EnvoyFilter_VIRTUAL_HOST, networking.EnvoyFilter_HTTP_ROUTE:
		if p.Match.GetRouteConfiguration() == nil {
			c.failf(at, "applyTo %v needs a match of a routeConfiguration", p.ApplyTo)
		}
	case networking.EnvoyFilter_CLUSTER:
		if p.Match.GetCluster() == nil {
			c.failf(at, "applyTo %v needs a match of a cluster", p.ApplyTo)
		}
	}
	return true
}

const connectionManager = "envoy.filters.network.http_connection_manager"

func (c *checker) filterMatch(at *place, target networking.EnvoyFilter_ApplyTo, f *networking.EnvoyFilter_ListenerMatch_FilterMatch) (valid bool) {
	if target == networking.EnvoyFilter_LISTENER || target == networking.EnvoyFilter_FILTER_CHAIN {
		c.warnf(at, "the match of a filter has no effect with applyTo %v", target)
	}
	sub := f.SubFilter
	switch {
	case f.Name == "":
		c.failf(at, "the match of a filter needs a name")
	case sub != nil && target != networking.EnvoyFilter_HTTP_FILTER:
		c.failf(at.Child("subFilter"), "subFilter needs applyTo HTTP_FILTER")
	case sub != nil && f.Name != connectionManager && f.Name != "envoy.http_connection_manager":
		c.failf(at.Child("subFilter"), "subFilter needs a match of the filter %s", connectionManager)
	case sub != nil && sub.Name == "":
		c.failf(at.Child("subFilter"), "the match of a subFilter needs a name")
	default:
		c.currentFilterName(at.Child("name"), f.Name)
		c.currentFilterName(at.Child("subFilter").Child("name"), sub.GetName())
		return true
	}
	return false
}

func (c *checker) currentFilterName(at *place, name string) {
	if current := renamedFilter(name); current != "" {
		c.warnf(at, "the filter %q is called %q now", name, current)
	}
}

// renamedFilter is the name that a filter of Envoy has today, "" for names
// that are not old. Names of before Envoy 1.14 are still matched by the mesh.
func renamedFilter(old string) string {
	switch old {
	case "envoy.buffer", "envoy.cors", "envoy.csrf", "envoy.fault", "envoy.grpc_http1_bridge", "envoy.grpc_json_transcoder",
		"envoy.grpc_web", "envoy.gzip", "envoy.health_check", "envoy.ip_tagging", "envoy.lua", "envoy.router", "envoy.squash":
		return "envoy.filters.http." + old[len("envoy."):]
	case "envoy.http_dynamo_filter":
		return "envoy.filters.http.dynamo"
	case "envoy.rate_limit":
		return "envoy.filters.http.ratelimit"
	case "envoy.client_ssl_auth", "envoy.http_connection_manager", "envoy.mongo_proxy", "envoy.ratelimit", "envoy.redis_proxy", "envoy.tcp_proxy":
		return "envoy.filters.network." + old[len("envoy."):]
	case "envoy.ext_authz": // of both HTTP and TCP
		return "envoy.filters.http.ext_authz"
	case "envoy.listener.http_inspector", "envoy.listener.original_dst", "envoy.listener.original_src",
		"envoy.listener.proxy_protocol", "envoy.listener.tls_inspector":
		return "envoy.filters.listener." + old[len("envoy.listener."):]
	}
	return ""
}
