package trace

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// chosen is what the request has met when the filters act: each may say something to them.
// Without a virtual host all are nil.
type chosen struct {
	config *xds.RouteConfig
	host   *xds.VirtualHost
	route  *xds.Route
}

// filters walks over the HTTP filters. RBAC, JWT and fault are evaluated; others that
// could decide are named. The verdict is set if one of them ends the request.
func (w *walk) filters(m *xds.Manager, at chosen) {
	for _, f := range m.Filters {
		own := f.Typed
		if f.Discovery != nil {
			own = w.proxy.ecds[f.Name]
		}
		set := settings{name: f.Name, kind: own.Type, own: own.Raw}
		override, where := at.override(f.Name)
		var wrapper struct { // config.route.v3.FilterConfig, and those messages that have such a field
			Type     string         `json:"@type"`
			Disabled bool           `json:"disabled"`
			Config   jsontext.Value `json:"config"`
		}
		switch {
		case override == nil && f.Disabled:
			continue
		case override == nil:
		case xds.Decode(override, &wrapper) == nil && wrapper.Disabled:
			w.step(Step{Stage: "filter", Taken: f.Name, Why: "switched off by the " + where})
			continue
		default:
			if xds.ShortType(wrapper.Type) == "envoy.config.route.v3.FilterConfig" {
				override = wrapper.Config
			}
			if set.override, set.from = override, where; where == "route" {
				set.object = objectOf(at.route.Metadata)
			}
		}
		if stop := w.filter(set); stop {
			return
		}
	}
}

// override is what the most specific of route, virtual host and route configuration says to
// a filter (typed_per_filter_config).
func (c chosen) override(name string) (raw jsontext.Value, where string) {
	switch {
	case c.route != nil && c.route.PerFilter[name] != nil:
		return c.route.PerFilter[name], "route"
	case c.host != nil && c.host.PerFilter[name] != nil:
		return c.host.PerFilter[name], "virtual host"
	case c.config != nil && c.config.PerFilter[name] != nil:
		return c.config.PerFilter[name], "route configuration"
	}
	return nil, ""
}

// settings are what an HTTP filter is told to do: by its own configuration, and by an
// override from a place, which may stand for an Istio object.
type settings struct {
	name, kind    string
	own, override jsontext.Value
	from, object  string
}

// last is the override if there is one.
func (s settings) last() jsontext.Value {
	if s.override != nil {
		return s.override
	}
	return s.own
}

// filter acts as one HTTP filter; stop means that the verdict is set.
func (w *walk) filter(set settings) (stop bool) {
	name := set.name
	kind := strings.ToLower(set.kind + " " + name)
	switch {
	case strings.Contains(kind, "rbac"):
		return w.rbac(name, set.last(), false)
	case strings.Contains(kind, "fault"):
		return w.fault(set)
	case strings.Contains(kind, "jwt_authn"):
		return w.jwt(set)
	}
	for _, asks := range []struct{ part, text string }{
		{"ext_authz", "asks an outside service whether the request may pass"},
		{"local_ratelimit", "refuses with 429 when its bucket is empty"},
		{"ratelimit", "asks a rate limit service, which may refuse with 429"},
		{"wasm", "runs a Wasm plugin, which may answer or change the request"},
		{"lua", "runs a Lua script, which may answer or change the request"},
		{"ext_proc", "hands the request to an outside processor, which may answer or change it"},
		{"oauth2", "may send the client to a login"},
		{"basic_auth", "asks for user and password"},
		{"csrf", "may refuse requests from other origins"},
	} {
		if strings.Contains(kind, asks.part) {
			w.step(Step{Stage: "filter", Taken: name, Why: asks.text + "; not evaluated here"})
			w.depend("filter " + name + " lets the request pass")
			return false
		}
	}
	return false
}
