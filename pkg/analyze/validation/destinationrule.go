package validation

import (
	networking "istio.io/api/networking/v1alpha3"
)

func (c *checker) destinationRule(at *place, rule *networking.DestinationRule) {
	c.must(at.Child("host"), wildcardHost(rule.Host))
	c.trafficPolicy(at.Child("trafficPolicy"), rule.TrafficPolicy)
	names := map[string]bool{}
	for i, subset := range rule.Subsets {
		at := item(at, "subsets", i)
		if names[subset.Name] {
			c.failf(at.Child("name"), "there is another subset %q", subset.Name)
		}
		names[subset.Name] = true
		c.withoutWarnings(func() { c.subset(at, subset) })
	}
	c.exportTo(at.Child("exportTo"), rule.ExportTo, false)
	if rule.WorkloadSelector != nil {
		c.exportOfSelecting(at.Child("exportTo"), rule.ExportTo)
	}
	c.workloadSelector(at.Child("workloadSelector"), rule.WorkloadSelector)
}

func (c *checker) subset(at *place, subset *networking.Subset) {
	c.subsetName(at.Child("name"), subset.Name)
	c.labels(at.Child("labels"), subset.Labels)
	c.trafficPolicy(at.Child("trafficPolicy"), subset.TrafficPolicy)
}

func (c *checker) subsetName(at *place, name string) {
	switch {
	case name == "":
		c.failf(at, "the subset has no name")
	case !isDNSLabel(name):
		c.failf(at, "%q is not a subset name: letters, digits and hyphens are allowed", name)
	}
}
