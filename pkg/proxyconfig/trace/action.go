package trace

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// act does what a route says.
func (w *walk) act(route *xds.Route, vh *xds.VirtualHost) {
	last := &w.trace.Steps[len(w.trace.Steps)-1]
	switch {
	case route.Redirect != nil:
		code, location := redirect(*route.Redirect, route.Match, w.request)
		w.end(Verdict{Outcome: Redirected, Status: code, Text: "the client is sent to " + location})
	case route.Direct != nil:
		v := Verdict{Outcome: Answered, Status: int(route.Direct.Status), Text: fmt.Sprintf("the proxy itself answers with %d", route.Direct.Status)}
		if route.Direct.Status >= 400 {
			v.Outcome = Refused
		}
		w.end(v)
	case route.Action != nil:
		last.Details = routeDetails(*route.Action, route.Match, vh, w.request)
		w.routeTo(*route.Action)
	default:
		w.end(Verdict{Outcome: Unknown, Text: "the route neither forwards, redirects nor answers"})
	}
}

// routeTo finds the clusters of an action.
func (w *walk) routeTo(a xds.RouteAction) {
	notFound := 503 // SERVICE_UNAVAILABLE is the default of cluster_not_found_response_code
	if a.NotFound == "NOT_FOUND" {
		notFound = 404
	} else if a.NotFound == "INTERNAL_SERVER_ERROR" {
		notFound = 500
	}
	switch {
	case a.Weighted != nil:
		w.deliver(w.weighted(a.Weighted), notFound)
	case a.ClusterHeader != "":
		name, ok := w.request.header(a.ClusterHeader)
		if !ok || name == "" {
			w.end(Verdict{Outcome: Fails, Status: 404, Text: "the route takes the cluster from header " + a.ClusterHeader + ", which the request does not have"})
			return
		}
		w.deliver([]share{{name, 1}}, notFound)
	case a.Cluster != "":
		w.deliver([]share{{a.Cluster, 1}}, notFound)
	default:
		w.end(Verdict{Outcome: Unknown, Text: "the cluster is chosen by a plugin, which is not evaluated here"})
	}
}

// routeDetails lists what the route does to the request on its way.
func routeDetails(a xds.RouteAction, m xds.RouteMatch, vh *xds.VirtualHost, r Request) []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if path := rewrite(a.PrefixRewrite, a.RegexRewrite, a.RewritePolicy, m, r); path != r.Path {
		add("path becomes %s", path)
	}
	switch {
	case a.HostLiteral != "":
		add("host becomes %s", a.HostLiteral)
	case a.HostAuto:
		add("host becomes the name of the endpoint")
	case a.HostHeader != "":
		host, _ := r.header(a.HostHeader)
		add("host becomes the value of header %s: %q", a.HostHeader, host)
	case a.HostPathRegex != nil:
		add("host becomes %s", substitute(a.HostPathRegex, r.pathOnly()))
	}
	switch a.Timeout {
	case "":
		add("timeout 15s, Envoy's default")
	case "0s":
		add("no timeout")
	default:
		add("timeout %s", a.Timeout)
	}
	retry := a.Retry
	if retry == nil {
		retry = vh.Retry
	}
	if retry != nil && (retry.Retries == nil || *retry.Retries > 0) {
		times := 1
		if retry.Retries != nil {
			times = int(*retry.Retries)
		}
		text := fmt.Sprintf("up to %d more tries on %s", times, strings.ReplaceAll(retry.On, ",", ", "))
		if retry.TryTimeout != "" {
			text += ", each at most " + retry.TryTimeout
		}
		add("%s", text)
	}
	for _, mirror := range a.Mirrors {
		part := 100.0
		if mirror.Fraction != nil {
			part = mirror.Fraction.Default.Share() * 100
		}
		add("mirrored to %s (%g %%)", mirror.Cluster, part)
	}
	if len(a.HashPolicy) > 0 {
		add("the endpoint is chosen by a hash of the request")
	}
	return out
}

// redirect follows config.route.v3.RedirectAction.
func redirect(a xds.Redirect, m xds.RouteMatch, r Request) (code int, location string) {
	code = map[xds.Text]int{"FOUND": 302, "SEE_OTHER": 303, "TEMPORARY_REDIRECT": 307, "PERMANENT_REDIRECT": 308}[a.Code]
	if code == 0 {
		code = 301
	}
	scheme := strings.Replace(r.Scheme, "grpc", "http", 1)
	if a.HTTPS {
		scheme = "https"
	} else if a.Scheme != "" {
		scheme = a.Scheme
	}
	host := r.Host
	if a.Host != "" {
		host = a.Host
	}
	if a.Port != 0 {
		name, _, _ := strings.Cut(host, ":")
		host = name + ":" + strconv.Itoa(int(a.Port))
	} else if a.Host == "" && scheme != r.Scheme {
		// "the port will be stripped if the scheme is swapped and it is the old default"
		host = strings.TrimSuffix(strings.TrimSuffix(host, ":80"), ":443")
	}
	var path string
	if a.Path != "" {
		if path = a.Path; !strings.Contains(path, "?") {
			path += strings.TrimPrefix(r.Path, r.pathOnly())
		}
	} else {
		path = rewrite(a.PrefixRewrite, a.RegexRewrite, nil, m, r)
	}
	if a.StripQuery {
		path, _, _ = strings.Cut(path, "?")
	}
	return code, scheme + "://" + host + path
}
