package validation

import (
	"maps"
	"slices"

	telemetry "istio.io/api/telemetry/v1alpha1"

	"github.com/meshctl/meshctl/internal/resource"
)

// Telemetry checks a Telemetry.
func Telemetry(t *telemetry.Telemetry) []Problem {
	r := &report{}
	r.targets(t.GetSelector(), t.GetTargetRef(), t.GetTargetRefs())
	for i, metrics := range t.GetMetrics() {
		r.metrics(sub(spec(), "metrics", i), metrics)
	}
	if len(t.GetTracing()) > 1 {
		r.warnf(sub(spec(), "tracing"), "only the first entry of tracing counts")
	}
	for i, tracing := range t.GetTracing() {
		r.tracing(sub(spec(), "tracing", i), tracing)
	}
	for i, logging := range t.GetAccessLogging() {
		at := sub(spec(), "accessLogging", i)
		if logging.GetFilter() != nil {
			r.check(sub(at, "filter", "expression"), checkLogFilter(logging.GetFilter().GetExpression()))
		}
		r.providers(at, logging.GetProviders())
	}
	return r.problems
}

func (r *report) providers(at resource.FieldPath, providers []*telemetry.ProviderRef) {
	for i, p := range providers {
		if p.GetName() == "" {
			r.errorf(sub(at, "providers", i), "a provider needs a name")
			return
		}
	}
}

func (r *report) tracing(at resource.FieldPath, t *telemetry.Tracing) {
	if t == nil {
		return
	}
	if len(t.GetProviders()) > 1 {
		r.warnf(sub(at, "providers"), "only the first provider counts")
	}
	r.providers(at, t.GetProviders())
	if p := t.GetRandomSamplingPercentage().GetValue(); p < 0 || p > 100 {
		r.errorf(sub(at, "randomSamplingPercentage"), "randomSamplingPercentage is not in the range 0..100")
	}
	for _, name := range slices.Sorted(maps.Keys(t.GetCustomTags())) {
		at := sub(at, "customTags", name)
		tag := t.GetCustomTags()[name]
		if name == "" {
			r.errorf(at, "the name of a tag must not be empty")
		}
		if tag == nil {
			r.errorf(at, "tag %q must not be null", name)
			continue
		}
		switch kind := tag.GetType().(type) {
		case *telemetry.Tracing_CustomTag_Literal:
			if kind.Literal.GetValue() == "" {
				r.errorf(sub(at, "literal"), "the value of a literal tag must not be empty")
			}
		case *telemetry.Tracing_CustomTag_Header:
			if kind.Header.GetName() == "" {
				r.errorf(sub(at, "header"), "a tag from a header needs the header's name")
			}
		case *telemetry.Tracing_CustomTag_Environment:
			if kind.Environment.GetName() == "" {
				r.errorf(sub(at, "environment"), "a tag from the environment needs the variable's name")
			}
		}
	}
}

func (r *report) metrics(at resource.FieldPath, m *telemetry.Metrics) {
	r.providers(at, m.GetProviders())
	for i, override := range m.GetOverrides() {
		at := sub(at, "overrides", i)
		if override == nil {
			r.errorf(at, "an override must not be null")
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(override.GetTagOverrides())) {
			at := sub(at, "tagOverrides", name)
			tag := override.GetTagOverrides()[name]
			if name == "" {
				r.warnf(at, "the name of a tag must not be empty")
			}
			upsert := tag.GetOperation() == telemetry.MetricsOverrides_TagOverride_UPSERT
			switch {
			case tag == nil:
				r.errorf(at, "an override must not be null")
			case upsert && tag.GetValue() == "":
				r.errorf(at, "operation UPSERT needs a value")
			case !upsert && tag.GetValue() != "":
				r.errorf(sub(at, "value"), "operation REMOVE cannot have a value")
			}
		}
		if custom, ok := override.GetMatch().GetMetricMatch().(*telemetry.MetricSelector_CustomMetric); ok && custom.CustomMetric == "" {
			r.errorf(sub(at, "match", "customMetric"), "customMetric must not be empty")
		}
	}
}
