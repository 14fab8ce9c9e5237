package trace

import (
	"fmt"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// routeFit says how a route fits a request. share is the part of such requests that
// it takes if it fits.
type routeFit struct {
	ok    bool
	why   string // the rules that hold, or the first that does not
	share float64
	// unsure says on what it hangs whether the route takes the request at all.
	unsure string
}

// findRoute gives the first route that matches: "The first route that matches will be
// used" (config.route.v3.VirtualHost.routes).
func (w *walk) findRoute(vh *xds.VirtualHost) (*xds.Route, Step) {
	step := Step{Stage: "route", Taken: "none", Why: "no route matches"}
	for i := range vh.Routes {
		route := &vh.Routes[i]
		fit := matchRoute(route.Match, w.request)
		name := routeName(route, i)
		switch {
		case fit.unsure != "":
			step.PassedOver = append(step.PassedOver, Passed{name, fit.unsure})
			w.depend("route " + name + " does not take the request: " + fit.unsure)
		case !fit.ok:
			step.PassedOver = append(step.PassedOver, Passed{name, fit.why})
		case fit.share < 1:
			// A part of the requests goes this way. Told is the way of the rest, unless
			// nothing else matches.
			step.PassedOver = append(step.PassedOver, Passed{name, fmt.Sprintf("takes %g %% of such requests", fit.share*100)})
			w.depend(fmt.Sprintf("route %s takes %g %% of such requests by chance; this is the way of the others", name, fit.share*100))
		default:
			step.Taken, step.Why, step.Object = name, "the first that matches: "+fit.why, objectOf(route.Metadata)
			return route, step
		}
	}
	return nil, step
}

func routeName(route *xds.Route, i int) string {
	if route.Name != "" {
		return route.Name
	}
	return fmt.Sprintf("route %d", i+1)
}

// matchRoute applies all conditions of a config.route.v3.RouteMatch: every one must hold.
func matchRoute(m xds.RouteMatch, r Request) routeFit {
	var held []string
	check := func(ok bool, rule string) bool {
		if ok {
			held = append(held, rule)
		} else {
			held = []string{rule + " does not hold"}
		}
		return ok
	}
	if ok, rule := matchPath(m, r); !check(ok, rule) {
		return routeFit{why: held[0]}
	}
	for _, h := range m.Headers {
		if ok, rule := matchHeader(h, r); !check(ok, rule) {
			return routeFit{why: held[0]}
		}
	}
	for _, q := range m.Query {
		if ok, rule := matchQuery(q, r); !check(ok, rule) {
			return routeFit{why: held[0]}
		}
	}
	for _, c := range m.Cookies {
		if ok, rule := matchCookie(c, r); !check(ok, rule) {
			return routeFit{why: held[0]}
		}
	}
	// "Content-Type header has application/grpc or one of the various application/grpc+ values"
	if m.GRPC != nil {
		kind := r.Headers["content-type"]
		if !check(kind == "application/grpc" || strings.HasPrefix(kind, "application/grpc+"), "it is gRPC") {
			return routeFit{why: held[0]}
		}
	}
	if m.TLS != nil && m.TLS.Presented != nil && !check(*m.TLS.Presented == r.Mutual, fmt.Sprintf("a client certificate is shown: %t", *m.TLS.Presented)) {
		return routeFit{why: held[0]}
	}
	unsure := ""
	for _, raw := range m.Metadata {
		var asked metadataMatcher
		match, rule := unknown, "metadata of a filter"
		if xds.Decode(raw, &asked) == nil {
			match, rule = r.metadataIs(asked), asked.rule()
		}
		if match == unknown {
			unsure = "it asks for " + rule + ", which only the running proxy knows"
		} else if !check(match == yes, rule) {
			return routeFit{why: held[0]}
		}
	}
	for _, raw := range m.FilterState {
		var asked struct {
			Key string `json:"key"`
		}
		_ = xds.Decode(raw, &asked) // then the key is not told
		unsure = "it asks for the filter state " + asked.Key + ", which only the running proxy knows"
	}
	if unsure != "" {
		return routeFit{unsure: unsure}
	}
	if m.Fraction != nil {
		share := m.Fraction.Default.Share()
		return routeFit{ok: share > 0, share: share, why: strings.Join(append(held, fmt.Sprintf("a chance of %g %%", share*100)), ", ")}
	}
	return routeFit{ok: true, share: 1, why: strings.Join(held, ", ")}
}
