package trace

import (
	"fmt"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// http follows a request through a connection manager. Envoy chooses the route before
// the filters run, since a route may change what they do; the steps are told in the
// order in which they act.
func (w *walk) http(m *xds.Manager) {
	if stop := w.normalize(m); stop {
		return
	}
	rc := m.Routes
	if rc == nil && m.ScopedRoutes != nil {
		if rc = w.scopedRoutes(m.ScopedRoutes); rc == nil {
			return
		}
	}
	if rc == nil {
		rc = w.proxy.routeConfig(m.RDS.Name)
	}
	if rc == nil {
		w.end(Verdict{Outcome: Fails, Status: 404, Text: fmt.Sprintf("the proxy has no route configuration %q", m.RDS.Name),
			Hint: "it may be on its way: look at `proxy-status`; a gateway has none if no VirtualService or HTTPRoute is bound to it"})
		return
	}
	hosts, host := findHost(rc, m, w.request)
	hostStep := Step{Stage: "virtual-host", Taken: "none", Why: fmt.Sprintf("no domain in route configuration %q matches host %q", rc.Name, host)}
	if len(hosts) == 0 {
		w.filters(m, chosen{})
		if w.trace.Verdict.Outcome != "" {
			return
		}
		w.step(hostStep)
		w.end(Verdict{Outcome: Fails, Status: 404, Text: fmt.Sprintf("no virtual host takes host %q", host), Hint: hostHint(rc, host)})
		return
	}
	vh := hosts[0].host
	hostStep = Step{Stage: "virtual-host", Taken: vh.Name, Object: objectOf(vh.Metadata),
		Why: fmt.Sprintf("domain %q of route configuration %q matches host %q (%s)", hosts[0].domain, rc.Name, host, hosts[0].kind)}
	for _, other := range hosts[1:] {
		hostStep.PassedOver = append(hostStep.PassedOver, Passed{other.host.Name,
			fmt.Sprintf("domain %q matches too, but less specifically (%s)", other.domain, other.kind)})
	}
	find := w.findRoute
	if vh.Matcher != nil {
		find = w.routeOfTree
	}
	route, routeStep := find(vh)
	if w.filters(m, chosen{rc, vh, route}); w.trace.Verdict.Outcome != "" {
		return
	}
	w.step(hostStep)
	if need := string(vh.RequireTLS); (need == "ALL" || need == "EXTERNAL_ONLY") && !w.request.TLS {
		w.end(Verdict{Outcome: Redirected, Status: 301, Text: "the virtual host wants TLS: the client is sent to https://" + w.request.hostname() + w.request.Path})
		return
	}
	if routeStep.Stage != "" {
		w.step(routeStep)
	}
	switch {
	case route == nil && routeStep.Stage == "":
		w.end(Verdict{Outcome: Unknown, Text: "virtual host " + vh.Name + " chooses its route by a matcher tree: " + routeStep.Why})
	case route == nil:
		w.end(Verdict{Outcome: Fails, Status: 404, Text: "no route of virtual host " + vh.Name + " matches", Hint: "see the routes that were passed over with --verbose"})
	default:
		w.act(route, vh)
	}
}

// hostHint lists domains that look like what was asked for.
func hostHint(rc *xds.RouteConfig, host string) string {
	var near []string
	name, _, _ := strings.Cut(host, ".")
	for _, vh := range rc.VirtualHosts {
		for _, d := range vh.Domains {
			if len(near) < 5 && name != "" && strings.Contains(d, name) {
				near = append(near, d)
			}
		}
	}
	if len(near) > 0 {
		return "there are " + strings.Join(near, ", ")
	}
	return fmt.Sprintf("see `proxy-config route --name %s` for the hosts that the proxy knows", rc.Name)
}
