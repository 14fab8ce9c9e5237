package trace

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// filters walks over the HTTP filters. RBAC, JWT and fault are evaluated; others that
// could decide are named. The verdict is set if one of them ends the request.
func (w *walk) filters(m *xds.Manager, vh *xds.VirtualHost, route *xds.Route) {
	for _, f := range m.Filters {
		config, from := f.Typed, ""
		if f.Discovery != nil {
			config = w.proxy.ecds[f.Name]
		}
		raw, object := config.Raw, ""
		if override, where := overrideFor(f.Name, vh, route); override != nil {
			if raw, from = override, where; where == "route" {
				object = objectOf(route.Metadata)
			}
			var o struct {
				Disabled bool `json:"disabled"`
			}
			if xds.Decode(override, &o) == nil && o.Disabled {
				w.step(Step{Stage: "filter", Taken: f.Name, Why: "switched off by the " + where})
				continue
			}
		} else if f.Disabled {
			continue
		}
		if stop := w.filter(f.Name, config.Type, raw, from, object); stop {
			return
		}
	}
}

// overrideFor is what the most specific of route and virtual host says to a filter.
func overrideFor(name string, vh *xds.VirtualHost, route *xds.Route) (raw jsontext.Value, where string) {
	if route != nil && route.PerFilter[name] != nil {
		return route.PerFilter[name], "route"
	}
	if vh != nil && vh.PerFilter[name] != nil {
		return vh.PerFilter[name], "virtual host"
	}
	return nil, ""
}

// filter acts as one HTTP filter; stop means that the verdict is set.
func (w *walk) filter(name, kind string, raw jsontext.Value, from, object string) (stop bool) {
	kind = strings.ToLower(kind + " " + name)
	switch {
	case strings.Contains(kind, "rbac"):
		return w.rbac(name, raw, false)
	case strings.Contains(kind, "fault"):
		return w.fault(name, raw, from, object)
	case strings.Contains(kind, "jwt_authn"):
		return w.jwt(name, raw)
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
