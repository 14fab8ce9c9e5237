package diff

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// entry is an element of a list of resources, as in envoy.admin.v3.
type entry struct {
	Name     string         `json:"name,omitzero"`
	Version  string         `json:"version_info,omitzero"`
	Cluster  jsontext.Value `json:"cluster,omitzero"`
	Listener jsontext.Value `json:"listener,omitzero"`
	Route    jsontext.Value `json:"route_config,omitzero"`
	Endpoint jsontext.Value `json:"endpoint_config,omitzero"`
	Secret   jsontext.Value `json:"secret,omitzero"`
	Filter   jsontext.Value `json:"ecds_filter,omitzero"`
	Active   *entry         `json:"active_state,omitzero"`
	Warming  *entry         `json:"warming_state,omitzero"`
	Updated  string         `json:"last_updated,omitzero"`
}

// entryFor wraps a resource the way it stands in a dump, and names the type of its
// section and the list that it belongs to.
func entryFor(r *dump.Resource) (value jsontext.Value, sectionType, list string, err error) {
	e := entry{Version: r.Version, Updated: r.Updated}
	body := dump.Redact(r.Body)
	byState := func(static, active, warming string) string {
		return map[dump.State]string{dump.Static: static, dump.Active: active, dump.Warming: warming}[r.State]
	}
	switch r.Section {
	case dump.Bootstrap:
		return body, "BootstrapConfigDump", "bootstrap", nil
	case dump.ScopedRoutes:
		return body, "ScopedRoutesConfigDump", byState("inline_scoped_route_configs", "dynamic_scoped_route_configs", ""), nil
	case dump.Clusters:
		e.Cluster, sectionType = body, "ClustersConfigDump"
		list = byState("static_clusters", "dynamic_active_clusters", "dynamic_warming_clusters")
	case dump.Routes:
		e.Route, sectionType = body, "RoutesConfigDump"
		list = byState("static_route_configs", "dynamic_route_configs", "")
	case dump.Endpoints:
		e.Endpoint, sectionType = body, "EndpointsConfigDump"
		list = byState("static_endpoint_configs", "dynamic_endpoint_configs", "")
	case dump.Secrets:
		e.Name, e.Secret, sectionType = r.Name(), body, "SecretsConfigDump"
		list = byState("static_secrets", "dynamic_active_secrets", "dynamic_warming_secrets")
	case dump.ECDS:
		e.Filter, sectionType, list = body, "EcdsConfigDump", "ecds_filters"
	case dump.Listeners:
		e.Listener, sectionType = body, "ListenersConfigDump"
		list = byState("static_listeners", "dynamic_listeners", "dynamic_listeners")
		switch inner := e; r.State {
		case dump.Active:
			e = entry{Name: r.Name(), Active: &inner}
		case dump.Warming:
			e = entry{Name: r.Name(), Warming: &inner}
		}
	}
	value, err = json.Marshal(e)
	return value, sectionType, list, err
}
