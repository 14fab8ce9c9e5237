package validation

import (
	networking "istio.io/api/networking/v1alpha3"
)

// httpRoute checks a rule of a VirtualService. In a delegate it cannot
// delegate again.
func (c *checker) httpRoute(at *place, r *networking.HTTPRoute, inDelegate bool) {
	c.oneAction(at, r, inDelegate)
	c.withoutWarnings(func() {
		for i, match := range r.Match {
			c.httpMatch(item(at, "match", i), match)
		}
	})
	c.headers(at.Child("headers"), r.Headers)
	c.cors(at.Child("corsPolicy"), r.CorsPolicy)
	c.withoutWarnings(func() { c.fault(at.Child("fault"), r.Fault) })
	c.mirroring(at, r)
	c.redirect(at.Child("redirect"), r)
	c.directResponse(at.Child("directResponse"), r.DirectResponse)
	c.retries(at.Child("retries"), r.Retries)
	c.rewrite(at.Child("rewrite"), r.Rewrite)
	c.authorityOnce(at, r)
	total := int32(0)
	for i, d := range r.Route {
		at := item(at, "route", i)
		c.headers(at.Child("headers"), d.Headers)
		c.routeDestination(at, d.Destination, d.Weight)
		total += d.Weight
	}
	c.totalWeight(at.Child("route"), len(r.Route), total)
	c.duration(at.Child("timeout"), r.Timeout)
}

// oneAction checks that the rule says one thing to do with a request: route,
// redirect, respond or delegate.
func (c *checker) oneAction(at *place, r *networking.HTTPRoute, inDelegate bool) {
	if r.Delegate != nil && !inDelegate {
		if r.Redirect != nil {
			c.failf(at.Child("redirect"), "the rule %q delegates; it cannot have redirect", r.Name)
		}
		if len(r.Route) > 0 {
			c.failf(at.Child("route"), "the rule %q delegates; it cannot have route", r.Name)
		}
		return
	}
	if r.Delegate != nil {
		c.failf(at.Child("delegate"), "a delegate cannot delegate")
	}
	action := ""
	switch {
	case r.Redirect != nil:
		action = "redirect"
		if r.DirectResponse != nil {
			c.failf(at.Child("directResponse"), "a rule with redirect cannot have directResponse")
		}
	case r.DirectResponse != nil:
		action = "directResponse"
	case len(r.Route) == 0:
		c.failf(at, "a rule needs route, redirect or directResponse")
	}
	if action != "" {
		for _, f := range []struct {
			field string
			set   bool
		}{
			{"route", len(r.Route) > 0},
			{"fault", r.Fault != nil},
			{"rewrite", r.Rewrite != nil},
		} {
			if f.set {
				c.failf(at.Child(f.field), "a rule with %s cannot have %s", action, f.field)
			}
		}
	}
	if r.Mirror != nil && len(r.Mirrors) > 0 {
		c.failf(at.Child("mirror"), "only one of mirror and mirrors can be set")
	}
}

// authorityOnce checks that the request's host is set in one place only.
func (c *checker) authorityOnce(at *place, r *networking.HTTPRoute) {
	current := r.Rewrite.GetAuthority()
	request := r.Headers.GetRequest()
	for _, change := range []struct {
		field  string
		values map[string]string
	}{{"set", request.GetSet()}, {"add", request.GetAdd()}} {
		for _, name := range sortedKeys(change.values) {
			if !isAuthority(name) {
				continue
			}
			value := change.values[name]
			if current != "" {
				c.failf(at.Child("headers").Child("request").Child(change.field).Child(name), "the host is set to %q already; it cannot be set to %q as well", current, value)
				return
			}
			current = value
		}
	}
}
