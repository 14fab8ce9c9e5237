package validation

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/resource"
)

func (r *report) loadBalancer(at resource.FieldPath, lb *networking.LoadBalancerSettings, outlierDetection bool) {
	if lb == nil {
		return
	}
	r.consistentHash(sub(at, "consistentHash"), lb.GetConsistentHash())
	if lb.GetLocalityLbSetting() != nil && lb.GetZoneAwareLbSetting() != nil {
		r.errorf(at, "only one of localityLbSetting and zoneAwareLbSetting can be set")
	}
	r.localities(sub(at, "localityLbSetting"), lb.GetLocalityLbSetting(), outlierDetection)
	r.zones(sub(at, "zoneAwareLbSetting"), lb.GetZoneAwareLbSetting(), outlierDetection)
	if warmup := lb.GetWarmup(); warmup != nil {
		at := sub(at, "warmup")
		r.requiredDuration(at, "duration", warmup.GetDuration())
		if warmup.GetMinimumPercent().GetValue() > 100 {
			r.errorf(sub(at, "minimumPercent"), "minimumPercent is more than 100")
		}
		if warmup.GetAggression() != nil && warmup.GetAggression().GetValue() <= 0 {
			r.errorf(sub(at, "aggression"), "aggression must be more than 0")
		}
	}
}

func (r *report) consistentHash(at resource.FieldPath, hash *networking.LoadBalancerSettings_ConsistentHashLB) {
	if hash == nil {
		return
	}
	if cookie := hash.GetHttpCookie(); cookie != nil {
		if cookie.GetName() == "" {
			r.errorf(sub(at, "httpCookie"), "the cookie needs a name")
		}
		seen := map[string]bool{}
		for i, attribute := range cookie.GetAttributes() {
			at := sub(at, "httpCookie", "attributes", i, "name")
			switch name := attribute.GetName(); {
			case name == "":
				r.errorf(at, "an attribute of a cookie needs a name")
			case seen[name]:
				r.errorf(at, "the cookie has the attribute %q twice", name)
			}
			seen[attribute.GetName()] = true
		}
	}
	minimum := hash.GetMinimumRingSize() //nolint:staticcheck // the deprecated field is what is looked for
	if minimum != 0 {
		r.warnf(sub(at, "minimumRingSize"), "minimumRingSize is deprecated: use ringHash.minimumRingSize")
		if hash.GetHashAlgorithm() != nil {
			r.errorf(sub(at, "minimumRingSize"), "only one of minimumRingSize, maglev and ringHash can be set")
		}
	}
	if maglev := hash.GetMaglev(); maglev != nil {
		at := sub(at, "maglev", "tableSize")
		const largest = 5000011
		size := maglev.GetTableSize()
		if size == 0 {
			r.errorf(at, "tableSize is required")
		}
		if size >= largest {
			r.errorf(at, "tableSize %d is not less than %d", size, largest)
		}
		// 1 counts as prime, as it does for Envoy.
		if size != 1 && !new(big.Int).SetUint64(size).ProbablyPrime(0) {
			r.errorf(at, "tableSize %d is not a prime number", size)
		}
	}
}

func isTopologyLabel(label string) bool {
	return label == "topology.kubernetes.io/region" || label == "topology.kubernetes.io/zone" || label == "topology.istio.io/subzone"
}

func (r *report) localities(at resource.FieldPath, lb *networking.LocalityLoadBalancerSetting, outlierDetection bool) {
	if lb == nil {
		return
	}
	if len(lb.GetDistribute()) > 0 && len(lb.GetFailover()) > 0 {
		r.errorf(at, "only one of distribute and failover can be set")
		return
	}
	if len(lb.GetFailover()) > 0 {
		for i, label := range lb.GetFailoverPriority() {
			if isTopologyLabel(label) {
				r.errorf(sub(at, "failoverPriority", i), "%s cannot be a failover priority together with failover", label)
				return
			}
		}
	}
	var from []string
	for i, d := range lb.GetDistribute() {
		at := sub(at, "distribute", i)
		from = append(from, d.GetFrom())
		var total uint32
		to := slices.Sorted(maps.Keys(d.GetTo()))
		for _, locality := range to {
			weight := d.GetTo()[locality]
			if weight == 0 || weight > 100 {
				r.errorf(sub(at, "to", locality), "the weight %d is not in the range 1..100", weight)
				return
			}
			total += weight
		}
		if total != 100 {
			r.errorf(sub(at, "to"), "the weights add up to %d, not to 100", total)
			return
		}
		r.check(sub(at, "to"), checkLocalities(to))
	}
	r.check(sub(at, "distribute"), checkLocalities(from))
	if (len(lb.GetFailover()) > 0 || len(lb.GetFailoverPriority()) > 0) && !outlierDetection {
		r.warnf(at, "failover needs outlierDetection to notice that something failed")
	}
	r.failover(at, lb.GetFailover())
}

func (r *report) zones(at resource.FieldPath, lb *networking.ZoneAwareLoadBalancerSetting, outlierDetection bool) {
	if lb == nil {
		return
	}
	for i, label := range lb.GetFailoverPriority() {
		if isTopologyLabel(label) {
			r.errorf(sub(at, "failoverPriority", i), "%s cannot be a failover priority: regions and zones are preferred anyway", label)
		}
	}
	if (len(lb.GetFailover()) > 0 || len(lb.GetFailoverPriority()) > 0) && !outlierDetection {
		r.warnf(at, "failover needs outlierDetection to notice that something failed")
	}
	for i, f := range lb.GetFailover() {
		r.failoverRule(sub(at, "failover", i), f.GetFrom(), f.GetTo())
	}
}

func (r *report) failover(at resource.FieldPath, rules []*networking.LocalityLoadBalancerSetting_Failover) {
	for i, f := range rules {
		r.failoverRule(sub(at, "failover", i), f.GetFrom(), f.GetTo())
	}
}

func (r *report) failoverRule(at resource.FieldPath, from, to string) {
	if from == to {
		r.errorf(at, "failover from region %q to itself", from)
	}
	if strings.Contains(from+to, "/") {
		r.errorf(at, "failover is between regions: leave out zones, in %q and %q", from, to)
	}
	if strings.Contains(from+to, "*") {
		r.errorf(at, "failover is between regions by name: wildcards do not work, in %q and %q", from, to)
	}
}

// checkLocalities checks a list of "region/zone/subzone", each part of which
// may be "*" at the end, for overlaps.
func checkLocalities(localities []string) error {
	for i, locality := range localities {
		if n := strings.Count(locality, "*"); n > 1 || n == 1 && !strings.HasSuffix(locality, "*") {
			return fmt.Errorf("locality %q: a star can stand at the end only", locality)
		}
		parts := strings.SplitN(locality, "/", 3)
		if slices.Contains(parts, "") {
			return fmt.Errorf("locality %q has an empty part", locality)
		}
		for _, earlier := range localities[:i] {
			if localitiesOverlap(strings.SplitN(earlier, "/", 3), parts) {
				return fmt.Errorf("locality %q overlaps with %q", locality, earlier)
			}
		}
	}
	return nil
}

func localitiesOverlap(a, b []string) bool {
	for i := range min(len(a), len(b)) {
		if a[i] == "*" || b[i] == "*" {
			return true
		}
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
