package validation

import (
	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/resource"
)

func (r *report) destination(at resource.FieldPath, d *networking.Destination) {
	if d == nil {
		return
	}
	if d.GetHost() == "*" {
		r.errorf(sub(at, "host"), "\"*\" cannot be a destination")
	} else {
		r.check(sub(at, "host"), checkDomain(d.GetHost()))
	}
	if d.GetSubset() != "" && !isLabel(d.GetSubset()) {
		r.errorf(sub(at, "subset"), "subset name %q is not a DNS label", d.GetSubset())
	}
	if d.GetPort() != nil {
		r.check(sub(at, "port", "number"), checkPort(int(d.GetPort().GetNumber())))
	}
}

// weightedDestinations checks destinations of tcp and tls routes.
func (r *report) weightedDestinations(at resource.FieldPath, routes []*networking.RouteDestination) {
	var total int32
	for i, route := range routes {
		if route == nil {
			r.errorf(sub(at, i), "a destination must not be null")
			continue
		}
		r.oneDestination(sub(at, i), route.GetDestination(), route.GetWeight())
		total += route.GetWeight()
	}
	r.totalWeight(at, len(routes), total)
}

// httpDestinations checks destinations of http routes.
func (r *report) httpDestinations(at resource.FieldPath, routes []*networking.HTTPRouteDestination) {
	var total int32
	for i, route := range routes {
		if route == nil {
			r.errorf(sub(at, i), "a destination must not be null")
			continue
		}
		r.headers(sub(at, i, "headers"), route.GetHeaders())
		r.oneDestination(sub(at, i), route.GetDestination(), route.GetWeight())
		total += route.GetWeight()
	}
	r.totalWeight(at, len(routes), total)
}

func (r *report) oneDestination(at resource.FieldPath, d *networking.Destination, weight int32) {
	if d == nil {
		r.errorf(sub(at, "destination"), "a route needs a destination")
	}
	r.destination(sub(at, "destination"), d)
	if weight < 0 {
		r.errorf(sub(at, "weight"), "the weight %d is negative", weight)
	}
}

func (r *report) totalWeight(at resource.FieldPath, count int, total int32) {
	if count > 1 && total == 0 {
		r.errorf(at, "the weights of the destinations add up to 0: nothing is sent anywhere")
	}
}
