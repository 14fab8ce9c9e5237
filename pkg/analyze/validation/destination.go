package validation

import (
	networking "istio.io/api/networking/v1alpha3"
)

// routeDestination checks a destination of a route and its share of the traffic.
func (c *checker) routeDestination(at *place, d *networking.Destination, weight int32) {
	if d == nil {
		c.failf(at, "a destination is missing")
	}
	c.destination(at.Child("destination"), d)
	if weight < 0 {
		c.failf(at.Child("weight"), "the weight %d is negative", weight)
	}
}

// totalWeight checks the sum of the weights. They need not add up to 100.
func (c *checker) totalWeight(at *place, destinations int, total int32) {
	if destinations > 1 && total == 0 {
		c.failf(at, "the weights of the destinations add up to 0, so no traffic goes anywhere")
	}
}

func (c *checker) destination(at *place, d *networking.Destination) {
	if d == nil {
		return
	}
	if d.Host == "*" {
		c.failf(at.Child("host"), "a destination cannot be *")
	} else {
		c.must(at.Child("host"), wildcardHost(d.Host))
	}
	if d.Subset != "" {
		c.subsetName(at.Child("subset"), d.Subset)
	}
	if d.Port != nil {
		c.must(at.Child("port").Child("number"), portNumber(d.Port.Number))
	}
}
