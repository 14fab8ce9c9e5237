package validation

import (
	"net/http"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// redirect reports the first mistake only, as the control plane does.
func (c *checker) redirect(at *place, route *networking.HTTPRoute) {
	r := route.Redirect
	switch {
	case r == nil:
	case r.Uri != "" && r.GetPrefixRewrite() != "":
		c.failf(at, "only one of uri and prefixRewrite can be set")
	case r.GetPrefixRewrite() != "" && !allMatchPrefixes(route.Match):
		c.failf(at.Child("prefixRewrite"), "prefixRewrite needs every uri match to be a prefix")
	case r.Uri == "" && r.GetPrefixRewrite() == "" && r.Authority == "" && r.RedirectPort == nil && r.Scheme == "":
		c.failf(at, "a redirect needs uri, authority, scheme or port")
	case r.RedirectCode != 0 && (r.RedirectCode < 300 || r.RedirectCode > 399):
		c.failf(at.Child("redirectCode"), "%d is not the code of a redirect (300 to 399)", r.RedirectCode)
	case r.Scheme != "" && r.Scheme != "http" && r.Scheme != "https":
		c.failf(at.Child("scheme"), "the scheme must be http or https")
	case r.GetPort() > 0:
		c.must(at.Child("port"), portNumber(r.GetPort()))
	}
}

func allMatchPrefixes(matches []*networking.HTTPMatchRequest) bool {
	for _, m := range matches {
		if m.Uri == nil {
			continue
		}
		if _, isPrefix := m.Uri.MatchType.(*networking.StringMatch_Prefix); !isPrefix {
			return false
		}
	}
	return true
}

func (c *checker) directResponse(at *place, r *networking.HTTPDirectResponse) {
	if r == nil {
		return
	}
	const kilobyte, megabyte = 1 << 10, 1 << 20
	size := max(len(r.GetBody().GetString_()), len(r.GetBody().GetBytes()))
	switch {
	case size > megabyte:
		c.failf(at.Child("body"), "the body is sent to all proxies again and again; it must be less than 1 MB")
	case size > 100*kilobyte:
		c.warnf(at.Child("body"), "the body is sent to all proxies again and again; more than 100 kB slow the control plane down")
	}
	c.httpStatus(at.Child("status"), int64(r.Status))
}

// httpStatus allows 600, as the control plane does.
func (c *checker) httpStatus(at *place, status int64) {
	if status < 200 || status > 600 {
		c.failf(at, "%d is not an HTTP status between 200 and 599", status)
	}
}

// rewrite reports the first mistake only, as the control plane does.
func (c *checker) rewrite(at *place, r *networking.HTTPRewrite) {
	if r == nil {
		return
	}
	pattern := r.UriRegexRewrite
	switch {
	case r.Uri != "" && pattern != nil:
		c.failf(at, "only one of uri and uriRegexRewrite can be set")
	case r.Uri == "" && pattern == nil && r.Authority == "":
		c.failf(at, "a rewrite needs uri, uriRegexRewrite or authority")
	case pattern == nil:
	case pattern.Match == "" || pattern.Rewrite == "":
		c.failf(at.Child("uriRegexRewrite"), "uriRegexRewrite needs both match and rewrite")
	default:
		c.must(at.Child("uriRegexRewrite").Child("match"), regex(pattern.Match))
	}
}

func (c *checker) mirroring(at *place, r *networking.HTTPRoute) {
	if percent := r.MirrorPercent; percent != nil { //nolint:staticcheck // deprecated, which is the point
		at := at.Child("mirrorPercent")
		if percent.Value > 100 {
			c.failf(at, "%d is not a percentage between 0 and 100", percent.Value)
		}
		c.warnf(at, "mirrorPercent is deprecated; use mirrorPercentage")
	}
	c.mirrorShare(at.Child("mirrorPercentage"), r.MirrorPercentage)
	c.destination(at.Child("mirror"), r.Mirror)
	for i, mirror := range r.Mirrors {
		at := item(at, "mirrors", i)
		if mirror.Destination == nil {
			c.failf(at, "a mirror needs a destination")
			continue
		}
		c.destination(at.Child("destination"), mirror.Destination)
		c.mirrorShare(at.Child("percentage"), mirror.Percentage)
	}
}

func (c *checker) mirrorShare(at *place, share *networking.Percent) {
	if value := share.GetValue(); value < 0 || value > 100 {
		c.failf(at.Child("value"), "%v is not a percentage between 0 and 100", value)
	}
}

func (c *checker) retries(at *place, r *networking.HTTPRetry) {
	if r == nil {
		return
	}
	if r.Attempts < 0 {
		c.failf(at.Child("attempts"), "the number of attempts is negative")
	}
	if r.Attempts == 0 && (r.PerTryTimeout != nil || r.RetryOn != "" || r.RetryRemoteLocalities != nil) {
		c.failf(at, "with attempts 0 there are no retries; the other settings have no effect")
	}
	c.duration(at.Child("perTryTimeout"), r.PerTryTimeout)
	if r.RetryOn != "" {
		for condition := range strings.SplitSeq(r.RetryOn, ",") {
			if !isRetryCondition(condition) {
				c.failf(at.Child("retryOn"), "Envoy does not know the condition %q", condition)
			}
		}
	}
	c.duration(at.Child("backoff"), r.Backoff)
}

// isRetryCondition knows the conditions of Envoy's x-envoy-retry-on and
// x-envoy-retry-grpc-on headers; a status code stands for itself.
func isRetryCondition(s string) bool {
	switch s {
	case "5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "retriable-4xx", "refused-stream",
		"retriable-status-codes", "retriable-headers", "envoy-ratelimited", "http3-post-connect-failure",
		"cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable":
		return true
	}
	status, err := strconv.Atoi(s)
	return err == nil && http.StatusText(status) != ""
}
