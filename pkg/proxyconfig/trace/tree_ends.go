package trace

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// longestRange finds the longest of some ranges that an address is in, -1 if it is in none.
func (w *walk) longestRange(ranges []xds.CIDR, address string) (length int, rule string) {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return -1, ""
	}
	length = -1
	for _, r := range ranges {
		if fit, _ := fitRanges([]xds.CIDR{r}, ip); fit >= 0 && int(r.Len) > length {
			length, rule = int(r.Len), fmt.Sprintf("%s/%d", r.Prefix, r.Len)
		}
	}
	return length, rule
}

// chainOfTree finds the filter chain that a listener's matcher tree leads to. "If no
// match, the connection is closed, or the default filter chain is used": the action is
// the name of a chain. ok is false if the walk has ended.
func (w *walk) chainOfTree(l *xds.Listener) (chain *xds.FilterChain, why string, ok bool) {
	tree, err := decodeTree(l.Matcher)
	if err != nil {
		w.end(Verdict{Outcome: Unknown, Text: fmt.Sprintf("the matcher tree of listener %s cannot be read: %v", l.Name, err)})
		return nil, "", false
	}
	found := w.search(tree, nil)
	if found.unsure != "" {
		v := Verdict{Outcome: Unknown, Text: "listener " + l.Name + " chooses its filter chain by a matcher tree: " + found.unsure}
		if !w.request.IP.IsValid() {
			v.Hint = "give the address that the client connects to with --ip"
		}
		w.end(v)
		return nil, "", false
	}
	if found.action == nil {
		return nil, "", true // the default chain, if there is one
	}
	var named struct {
		Value string `json:"value"`
	}
	_ = xds.Decode(found.action.Typed.Raw, &named) // an action without a value has a name
	name := named.Value
	if name == "" {
		name = found.action.Name
	}
	for i := range l.Chains {
		if l.Chains[i].Name == name {
			return &l.Chains[i], "the matcher tree leads to it: " + strings.Join(found.way, ", "), true
		}
	}
	w.end(Verdict{Outcome: Refused, Text: fmt.Sprintf("the matcher tree of listener %s leads to filter chain %q, which does not exist: the connection is closed", l.Name, name)})
	return nil, "", false
}

// routeOfTree finds the route that a virtual host's matcher tree leads to: the action is
// a config.route.v3.Route, or a RouteList of which the first that matches is taken. A step
// without a stage says that it cannot be told.
func (w *walk) routeOfTree(vh *xds.VirtualHost) (*xds.Route, Step) {
	tree, err := decodeTree(vh.Matcher)
	if err != nil {
		return nil, Step{Why: err.Error()}
	}
	found := w.search(tree, nil)
	if found.unsure != "" {
		return nil, Step{Why: found.unsure}
	}
	none := Step{Stage: "route", Taken: "none", Why: "the matcher tree leads to no route"}
	if found.action == nil {
		return nil, none
	}
	way := "the matcher tree leads to it: " + strings.Join(found.way, ", ")
	switch found.action.Typed.Type {
	case "envoy.config.route.v3.Route":
		one := xds.VirtualHost{Routes: make([]xds.Route, 1)}
		if err := xds.Decode(found.action.Typed.Raw, &one.Routes[0]); err != nil {
			return nil, Step{Why: err.Error()}
		}
		return w.routeOfAction(&one, way)
	case "envoy.config.route.v3.RouteList":
		var list xds.VirtualHost
		if err := xds.Decode(found.action.Typed.Raw, &list); err != nil {
			return nil, Step{Why: err.Error()}
		}
		return w.routeOfAction(&list, way)
	}
	return nil, Step{Why: "it ends in " + found.action.Typed.Type + ", which is not known here"}
}

// routeOfAction applies the routes' own conditions, which hold besides the tree's.
func (w *walk) routeOfAction(routes *xds.VirtualHost, way string) (*xds.Route, Step) {
	route, step := w.findRoute(routes)
	if route != nil {
		step.Why = way + "; " + step.Why
	}
	return route, step
}
