package trace

import (
	"maps"
	"slices"

	"github.com/meshctl/meshctl/pkg/proxyconfig/xds"
)

// level is the hosts of one priority by their health. Unknown health counts as healthy as long
// as no health check says otherwise.
type level struct {
	priority                int
	healthy, degraded, sick []host
}

func (l level) all() []host { return slices.Concat(l.healthy, l.degraded, l.sick) }

// levels sorts the hosts of a cluster by priority.
func levels(c *xds.Upstream, a *xds.Assignment) []level {
	byPriority := map[xds.Uint]*level{}
	for _, group := range a.Locality {
		l := byPriority[group.Priority]
		if l == nil {
			l = &level{priority: int(group.Priority)}
			byPriority[group.Priority] = l
		}
		for _, e := range group.Endpoints {
			h := host{e.Endpoint.Address.String(), group.Locality.String(), e.Status(), socketFor(c, e)}
			switch h.status {
			case "UNHEALTHY", "DRAINING", "TIMEOUT":
				l.sick = append(l.sick, h)
			case "DEGRADED":
				l.degraded = append(l.degraded, h)
			default:
				l.healthy = append(l.healthy, h)
			}
		}
	}
	var out []level
	for _, priority := range slices.Sorted(maps.Keys(byPriority)) {
		if l := byPriority[priority]; len(l.all()) > 0 {
			out = append(out, *l)
		}
	}
	return out
}

// load is the part of the requests that some hosts of a priority get.
type load struct {
	level level
	hosts []host
	share float64
	// panics tells that so few hosts are healthy that all are taken.
	panics bool
}

// spread distributes requests over priorities, by "Priority levels", "Degraded endpoints" and
// "Panic threshold" of Envoy's architecture overview. factor is overprovisioning_factor and
// threshold healthy_panic_threshold, both in percent. A priority takes the requests that its
// healthy share, times the factor, can carry; the next one the rest; then the degraded hosts in
// the same order. If all together cannot carry all, those priorities panic whose healthy and
// degraded hosts are fewer than the threshold.
func spread(ls []level, factor, threshold float64) []load {
	carries := func(some []host, l level) float64 {
		return min(100, float64(int(factor*float64(len(some))/float64(len(l.all())))))
	}
	total := 0.0
	for _, l := range ls {
		total += carries(l.healthy, l) + carries(l.degraded, l)
	}
	if total == 0 {
		if threshold == 0 || len(ls) == 0 {
			return nil
		}
		return []load{{ls[0], ls[0].all(), 1, true}}
	}
	whole := min(total, 100)
	var out []load
	left := 100.0
	take := func(l level, some []host) {
		share := min(left, carries(some, l)*100/whole)
		if share <= 0 {
			return
		}
		left -= share
		good := 100 * float64(len(l.healthy)+len(l.degraded)) / float64(len(l.all()))
		if total < 100 && good < threshold {
			out = append(out, load{l, l.all(), share / 100, true})
			return
		}
		out = append(out, load{l, some, share / 100, false})
	}
	for _, l := range ls {
		take(l, l.healthy)
	}
	for _, l := range ls {
		take(l, l.degraded)
	}
	if len(out) > 0 { // what rounding has left over
		out[0].share += left / 100
	}
	return out
}
