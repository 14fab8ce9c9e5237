package validation

import (
	"net/http"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/resource"
)

func (c *checker) cors(at *place, p *networking.CorsPolicy) {
	if p == nil {
		return
	}
	for i, origin := range p.AllowOrigins {
		at := item(at, "allowOrigins", i)
		if origin.GetExact() == "" && origin.GetPrefix() == "" && origin.GetRegex() == "" {
			c.failf(at, "an origin needs exact, prefix or regex, and not an empty one")
			continue
		}
		c.regexMatch(at, origin)
	}
	for i, method := range p.AllowMethods {
		if !isHTTPMethod(method) && method != "*" {
			c.failf(item(at, "allowMethods", i), "%q is not an HTTP method", method)
		}
	}
	c.corsHeaders(at.Child("allowHeaders"), p.AllowHeaders)
	c.corsHeaders(at.Child("exposeHeaders"), p.ExposeHeaders)
	c.duration(at.Child("maxAge"), p.MaxAge)
	if p.MaxAge.GetNanos() > 0 {
		c.failf(at.Child("maxAge"), "maxAge is counted in whole seconds")
	}
}

func (c *checker) corsHeaders(at *place, names []string) {
	for i, name := range names {
		if name != "*" {
			c.must(at.Child(resource.Index(i)), headerName(name, anyHeader))
		}
	}
}

func isHTTPMethod(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}
