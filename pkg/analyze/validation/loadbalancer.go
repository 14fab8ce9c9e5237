package validation

import (
	networking "istio.io/api/networking/v1alpha3"
)

// loadBalancer checks how endpoints are chosen. Failover between localities
// works only for endpoints that outlier detection takes out.
func (c *checker) loadBalancer(at *place, lb *networking.LoadBalancerSettings, detectsOutliers bool) {
	if lb == nil {
		return
	}
	if hash := lb.GetConsistentHash(); hash != nil {
		c.consistentHash(at.Child("consistentHash"), hash)
	}
	if lb.LocalityLbSetting != nil && lb.ZoneAwareLbSetting != nil {
		c.failf(at, "only one of localityLbSetting and zoneAwareLbSetting can be set")
	}
	c.locality(at.Child("localityLbSetting"), lb.LocalityLbSetting, detectsOutliers)
	c.zoneAware(at.Child("zoneAwareLbSetting"), lb.ZoneAwareLbSetting, detectsOutliers)
	if warmup := lb.Warmup; warmup != nil {
		at := at.Child("warmup")
		if warmup.Duration == nil {
			c.failf(at, "a warm-up needs a duration")
		}
		c.duration(at.Child("duration"), warmup.Duration)
		if warmup.MinimumPercent.GetValue() > 100 {
			c.failf(at.Child("minimumPercent"), "minimumPercent cannot be more than 100")
		}
		if warmup.Aggression != nil && warmup.Aggression.Value <= 0 {
			c.failf(at.Child("aggression"), "aggression must be more than 0")
		}
	}
}

func (c *checker) consistentHash(at *place, hash *networking.LoadBalancerSettings_ConsistentHashLB) {
	if cookie := hash.GetHttpCookie(); cookie != nil {
		at := at.Child("httpCookie")
		if cookie.Name == "" {
			c.failf(at, "the cookie needs a name")
		}
		seen := map[string]bool{}
		for i, attribute := range cookie.Attributes {
			at := item(at, "attributes", i)
			switch {
			case attribute.Name == "":
				c.failf(at, "an attribute of the cookie has no name")
			case seen[attribute.Name]:
				c.failf(at.Child("name"), "the cookie has another attribute %q", attribute.Name)
			}
			seen[attribute.Name] = true
		}
	}
	if hash.MinimumRingSize != 0 { //nolint:staticcheck // deprecated, which is the point
		c.warnf(at.Child("minimumRingSize"), "minimumRingSize is deprecated; use ringHash")
		if hash.GetHashAlgorithm() != nil {
			c.failf(at.Child("minimumRingSize"), "only one of minimumRingSize, ringHash and maglev can be set")
		}
	}
	if maglev := hash.GetMaglev(); maglev != nil {
		c.maglevTable(at.Child("maglev").Child("tableSize"), maglev.TableSize)
	}
}

// maglevTable checks the table's size as Envoy does.
func (c *checker) maglevTable(at *place, size uint64) {
	const limit = 5000011
	if size == 0 {
		c.failf(at, "Maglev needs a tableSize")
	}
	if size >= limit {
		c.failf(at, "Maglev's tableSize must be less than %d", limit)
	}
	if !isPrime(size) {
		c.failf(at, "Maglev's tableSize must be a prime number")
	}
}

// isPrime calls 1 a prime, since Envoy does.
func isPrime(n uint64) bool {
	if n < 4 {
		return n > 0
	}
	if n%2 == 0 {
		return false
	}
	for factor := uint64(3); factor <= n/factor; factor += 2 {
		if n%factor == 0 {
			return false
		}
	}
	return true
}
