package validation

import (
	"maps"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/resource"
)

func (r *report) httpRoute(at resource.FieldPath, route *networking.HTTPRoute, inDelegate bool) {
	if route == nil {
		r.errorf(at, "a route must not be null")
		return
	}
	r.routeAction(at, route, inDelegate)
	r.httpMatches(at, route)
	r.headers(sub(at, "headers"), route.GetHeaders())
	r.cors(sub(at, "corsPolicy"), route.GetCorsPolicy())
	r.withoutWarnings(func() { r.fault(sub(at, "fault"), route.GetFault()) })
	r.mirrors(at, route)
	r.redirect(sub(at, "redirect"), route.GetRedirect(), route.GetMatch())
	r.directResponse(sub(at, "directResponse"), route.GetDirectResponse())
	r.retries(sub(at, "retries"), route.GetRetries())
	r.rewrite(sub(at, "rewrite"), route.GetRewrite())
	r.oneAuthority(at, route)
	r.httpDestinations(sub(at, "route"), route.GetRoute())
	if route.GetTimeout() != nil {
		r.check(sub(at, "timeout"), checkDuration(route.GetTimeout()))
	}
}

// routeAction checks that a route does exactly one thing.
func (r *report) routeAction(at resource.FieldPath, route *networking.HTTPRoute, inDelegate bool) {
	if route.GetDelegate() != nil && !inDelegate {
		if route.GetRedirect() != nil {
			r.errorf(sub(at, "redirect"), "a route that delegates cannot redirect")
		}
		if route.GetRoute() != nil {
			r.errorf(sub(at, "route"), "a route that delegates cannot have destinations of its own")
		}
		return
	}
	if route.GetDelegate() != nil {
		r.errorf(sub(at, "delegate"), "a delegate cannot delegate further")
	}
	action := ""
	switch {
	case route.GetRedirect() != nil:
		action = "redirect"
	case route.GetDirectResponse() != nil:
		action = "directResponse"
	case len(route.GetRoute()) == 0:
		r.errorf(at, "a route needs a destination, a redirect or a directResponse")
	}
	if action != "" {
		if len(route.GetRoute()) > 0 {
			r.errorf(sub(at, "route"), "a route with %s cannot have destinations", action)
		}
		if route.GetFault() != nil {
			r.errorf(sub(at, "fault"), "a route with %s cannot have a fault", action)
		}
		if route.GetRewrite() != nil {
			r.errorf(sub(at, "rewrite"), "a route with %s cannot rewrite", action)
		}
	}
	if action == "redirect" && route.GetDirectResponse() != nil {
		r.errorf(sub(at, "directResponse"), "a route with redirect cannot have a directResponse")
	}
	if route.GetMirror() != nil && len(route.GetMirrors()) > 0 {
		r.errorf(sub(at, "mirror"), "a route can have mirror or mirrors, not both")
	}
}

func (r *report) mirrors(at resource.FieldPath, route *networking.HTTPRoute) {
	if percent := route.GetMirrorPercent(); percent != nil { //nolint:staticcheck // the deprecated field is what is looked for
		if percent.GetValue() > 100 {
			r.errorf(sub(at, "mirrorPercent"), "mirrorPercent %d is more than 100", percent.GetValue())
		}
		r.warnf(sub(at, "mirrorPercent"), "mirrorPercent is deprecated: use mirrorPercentage")
	}
	if p := route.GetMirrorPercentage(); p != nil {
		r.percentage(sub(at, "mirrorPercentage", "value"), p.GetValue())
	}
	r.destination(sub(at, "mirror"), route.GetMirror())
	for i, mirror := range route.GetMirrors() {
		at := sub(at, "mirrors", i)
		switch {
		case mirror == nil:
			r.errorf(at, "a mirror must not be null")
		case mirror.GetDestination() == nil:
			r.errorf(at, "a mirror needs a destination")
		default:
			r.destination(sub(at, "destination"), mirror.GetDestination())
			if mirror.GetPercentage() != nil {
				r.percentage(sub(at, "percentage", "value"), mirror.GetPercentage().GetValue())
			}
		}
	}
}

func (r *report) percentage(at resource.FieldPath, value float64) {
	if value < 0 || value > 100 {
		r.errorf(at, "percentage %g is not in the range 0..100", value)
	}
}

func (r *report) redirect(at resource.FieldPath, redirect *networking.HTTPRedirect, matches []*networking.HTTPMatchRequest) {
	if redirect == nil {
		return
	}
	notPrefix := func(m *networking.HTTPMatchRequest) bool {
		_, prefix := m.GetUri().GetMatchType().(*networking.StringMatch_Prefix)
		return m.GetUri() != nil && !prefix
	}
	code := redirect.GetRedirectCode()
	// Only the first broken rule is reported: the others follow from it.
	switch {
	case redirect.GetUri() != "" && redirect.GetPrefixRewrite() != "":
		r.errorf(at, "a redirect can have uri or prefixRewrite, not both")
	case redirect.GetPrefixRewrite() != "" && slices.ContainsFunc(matches, notPrefix):
		r.errorf(sub(at, "prefixRewrite"), "prefixRewrite needs matches by uri prefix")
	case redirect.GetUri() == "" && redirect.GetPrefixRewrite() == "" && redirect.GetAuthority() == "" && redirect.GetRedirectPort() == nil && redirect.GetScheme() == "":
		r.errorf(at, "a redirect needs a uri, authority, scheme or port")
	case code != 0 && (code < 300 || code > 399):
		r.errorf(sub(at, "redirectCode"), "redirect code %d is not in the range 300..399", code)
	case redirect.GetScheme() != "" && redirect.GetScheme() != "http" && redirect.GetScheme() != "https":
		r.errorf(sub(at, "scheme"), "scheme %q is neither http nor https", redirect.GetScheme())
	case redirect.GetPort() > 0:
		r.check(sub(at, "port"), checkPort(int(redirect.GetPort())))
	}
}

func (r *report) directResponse(at resource.FieldPath, response *networking.HTTPDirectResponse) {
	if response == nil {
		return
	}
	size := len(response.GetBody().GetString_()) + len(response.GetBody().GetBytes())
	switch {
	case size > 1<<20:
		r.errorf(sub(at, "body"), "the body has %d bytes: 1 MB is the limit", size)
	case size > 100<<10:
		r.warnf(sub(at, "body"), "the body has %d bytes, which every proxy has to keep", size)
	}
	r.httpStatus(sub(at, "status"), int32(response.GetStatus()))
}

func (r *report) httpStatus(at resource.FieldPath, status int32) {
	if status < 200 || status > 600 {
		r.errorf(at, "HTTP status %d is not in the range 200..599", status)
	}
}

func (r *report) rewrite(at resource.FieldPath, rewrite *networking.HTTPRewrite) {
	if rewrite == nil {
		return
	}
	regex := rewrite.GetUriRegexRewrite()
	switch {
	case rewrite.GetUri() != "" && regex != nil:
		r.errorf(at, "a rewrite can have uri or uriRegexRewrite, not both")
	case rewrite.GetUri() == "" && regex == nil && rewrite.GetAuthority() == "":
		r.errorf(at, "a rewrite needs a uri, uriRegexRewrite or authority")
	case regex != nil && (regex.GetMatch() == "" || regex.GetRewrite() == ""):
		r.errorf(sub(at, "uriRegexRewrite"), "uriRegexRewrite needs match and rewrite")
	case regex != nil:
		r.check(sub(at, "uriRegexRewrite", "match"), checkRegex(regex.GetMatch()))
	}
}

// oneAuthority checks that the host header is set in one place only.
func (r *report) oneAuthority(at resource.FieldPath, route *networking.HTTPRoute) {
	current := route.GetRewrite().GetAuthority()
	request := route.GetHeaders().GetRequest()
	for _, headers := range []map[string]string{request.GetSet(), request.GetAdd()} {
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			if !isAuthority(name) {
				continue
			}
			if current != "" {
				r.errorf(sub(at, "headers", "request"), "the host header is set twice, to %q and to %q", current, headers[name])
				return
			}
			current = headers[name]
		}
	}
}

func isAuthority(header string) bool {
	return strings.EqualFold(header, ":authority") || strings.EqualFold(header, "host")
}
