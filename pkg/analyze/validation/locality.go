package validation

import (
	"fmt"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

func (c *checker) locality(at *place, lb *networking.LocalityLoadBalancerSetting, detectsOutliers bool) {
	if lb == nil {
		return
	}
	if len(lb.Distribute) > 0 && len(lb.Failover) > 0 {
		c.failf(at, "only one of distribute and failover can be set")
		return
	}
	if len(lb.Failover) > 0 {
		for i, priority := range lb.FailoverPriority {
			if isTopologyLabel(priority) {
				c.failf(item(at, "failoverPriority", i), "with failover, failoverPriority cannot have the label %s", priority)
				return
			}
		}
	}
	sources := make([]string, 0, len(lb.Distribute))
	for i, d := range lb.Distribute {
		sources = append(sources, d.From)
		if !c.distribution(item(at, "distribute", i), d) {
			return
		}
	}
	c.must(at.Child("distribute"), disjointLocalities(sources))
	if (len(lb.Failover) > 0 || len(lb.FailoverPriority) > 0) && !detectsOutliers {
		c.warnf(at, "failover works only together with outlierDetection")
	}
	for i, f := range lb.Failover {
		c.failover(item(at, "failover", i), f.From, f.To)
	}
}

// distribution checks the weights from one locality to others. If they do not
// add up, nothing else of the setting is looked at.
func (c *checker) distribution(at *place, d *networking.LocalityLoadBalancerSetting_Distribute) (weighted bool) {
	at = at.Child("to")
	total := uint32(0)
	for _, to := range sortedKeys(d.To) {
		weight := d.To[to]
		if weight < 1 || weight > 100 {
			c.failf(at.Child(to), "the weight of a locality must be between 1 and 100")
			return false
		}
		total += weight
	}
	if total != 100 {
		c.failf(at, "the weights add up to %d, not to 100", total)
		return false
	}
	c.must(at, disjointLocalities(sortedKeys(d.To)))
	return true
}

func (c *checker) zoneAware(at *place, lb *networking.ZoneAwareLoadBalancerSetting, detectsOutliers bool) {
	if lb == nil {
		return
	}
	for i, priority := range lb.FailoverPriority {
		if isTopologyLabel(priority) {
			c.failf(item(at, "failoverPriority", i), "regions and zones are taken care of already; failoverPriority cannot have the label %s", priority)
		}
	}
	if (len(lb.Failover) > 0 || len(lb.FailoverPriority) > 0) && !detectsOutliers {
		c.warnf(at, "failover works only together with outlierDetection")
	}
	for i, f := range lb.Failover {
		c.failover(item(at, "failover", i), f.From, f.To)
	}
}

func (c *checker) failover(at *place, from, to string) {
	if from == to {
		c.failf(at, "failover from a region to itself does nothing")
	}
	if strings.Contains(from+to, "/") {
		c.failf(at, "failover is between regions; zones cannot be given")
	}
	if strings.Contains(from+to, "*") {
		c.failf(at, "the regions of a failover cannot have wildcards")
	}
}

func isTopologyLabel(key string) bool {
	switch key {
	case "topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone":
		return true
	}
	return false
}

// disjointLocalities checks that no locality, written region/zone/subzone,
// is within another. A "*" at the end covers whatever comes below.
func disjointLocalities(localities []string) error {
	for i, locality := range localities {
		if n := strings.Count(locality, "*"); n > 1 || n == 1 && !strings.HasSuffix(locality, "*") {
			return fmt.Errorf("the locality %s may have one * only, at its end", locality)
		}
		parts := strings.SplitN(locality, "/", 3)
		for _, part := range parts {
			if part == "" {
				return fmt.Errorf("the locality %s has an empty part; write REGION/ZONE/SUBZONE", locality)
			}
		}
		for _, earlier := range localities[:i] {
			if localitiesOverlap(strings.SplitN(earlier, "/", 3), parts) {
				return fmt.Errorf("the locality %s overlaps with another one", locality)
			}
		}
	}
	return nil
}

// localitiesOverlap reports whether one locality is a part of the other.
func localitiesOverlap(a, b []string) bool {
	for i := range min(len(a), len(b)) {
		switch {
		case a[i] == "*":
			return true
		case b[i] == "*":
			// A wildcard after something more special is taken for a different place.
			return false
		case a[i] != b[i]:
			return false
		}
	}
	return true
}
