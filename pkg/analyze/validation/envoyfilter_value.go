package validation

import (
	"strings"

	"google.golang.org/protobuf/types/known/structpb"
	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/pkg/analyze/validation/envoytypes"
)

// patchValue checks a patch against Envoy's type for what it changes.
func (c *checker) patchValue(at *place, target networking.EnvoyFilter_ApplyTo, value *structpb.Struct) {
	if value == nil {
		return
	}
	types, err := envoytypes.Load()
	if err != nil {
		c.must(at, err)
		return
	}
	object, message := value.AsMap(), patchedMessage(target)
	mistakes := types.Check(message, object)
	for _, m := range mistakes {
		if m.Tolerated {
			c.warnf(at.descend(m.Path), "%s", m.Message)
		} else {
			c.failf(at.descend(m.Path), "%s", m.Message)
		}
	}
	if names := types.Unconfigured(message, object); len(names) > 0 && len(mistakes) == 0 {
		c.warnf(at, "Envoy does not find extensions by name any more; typed_config is missing for %s", strings.Join(names, ", "))
	}
}

// patchedMessage is the message of Envoy's configuration that a patch changes.
func patchedMessage(target networking.EnvoyFilter_ApplyTo) string {
	switch target {
	case networking.EnvoyFilter_CLUSTER:
		return "envoy.config.cluster.v3.Cluster"
	case networking.EnvoyFilter_LISTENER:
		return "envoy.config.listener.v3.Listener"
	case networking.EnvoyFilter_LISTENER_FILTER:
		return "envoy.config.listener.v3.ListenerFilter"
	case networking.EnvoyFilter_FILTER_CHAIN:
		return "envoy.config.listener.v3.FilterChain"
	case networking.EnvoyFilter_NETWORK_FILTER:
		return "envoy.config.listener.v3.Filter"
	case networking.EnvoyFilter_HTTP_FILTER:
		return "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter"
	case networking.EnvoyFilter_ROUTE_CONFIGURATION:
		return "envoy.config.route.v3.RouteConfiguration"
	case networking.EnvoyFilter_VIRTUAL_HOST:
		return "envoy.config.route.v3.VirtualHost"
	case networking.EnvoyFilter_HTTP_ROUTE:
		return "envoy.config.route.v3.Route"
	case networking.EnvoyFilter_EXTENSION_CONFIG:
		return "envoy.config.core.v3.TypedExtensionConfig"
	case networking.EnvoyFilter_BOOTSTRAP:
		return "envoy.config.bootstrap.v3.Bootstrap"
	}
	return target.String()
}
