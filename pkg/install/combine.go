package install

import (
	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// combine lays values over a chart's defaults, as Helm does: a null takes a
// default away. The result shares nothing with the arguments. Helm's own
// function lives beside its JSON schema validator, which costs every start of
// the program six milliseconds; Istio's charts have no use for it.
func combine(defaults, values Values) Values {
	out := clone(values)
	for key, fallback := range defaults {
		value, given := out[key]
		if !given {
			out[key] = cloneValue(fallback)
			continue
		}
		if value == nil {
			delete(out, key)
			continue
		}
		mine, isMap := value.(map[string]any)
		base, wasMap := fallback.(map[string]any)
		if isMap && wasMap {
			out[key] = combine(base, mine)
		}
	}
	return out
}

// combineCharts fills in the values of a chart and of the charts that it
// depends on. Those see their part of the values, and global.
func combineCharts(c *chart.Chart, values Values) Values {
	out := combine(c.Values, values)
	for _, dependency := range c.Dependencies() {
		own := clone(lookupMap(out, dependency.Name()))
		if own == nil {
			own = Values{}
		}
		if global := lookupMap(out, "global"); global != nil {
			own["global"] = combine(lookupMap(own, "global"), global)
		}
		out[dependency.Name()] = combineCharts(dependency, own)
	}
	return out
}
