package validation

import (
	"fmt"

	"github.com/google/cel-go/common"
	"github.com/google/cel-go/parser"
	telemetry "istio.io/api/telemetry/v1alpha1"

	"github.com/meshctl/meshctl/internal/resource"
)

func (c *checker) telemetry(at *place, t *telemetry.Telemetry) {
	c.attachment(at, attachment{t.Selector, t.TargetRef, t.TargetRefs})
	for i, m := range t.Metrics {
		c.metrics(item(at, "metrics", i), m)
	}
	if len(t.Tracing) > 1 {
		c.warnf(at.Child("tracing"), "only the first entry of tracing has an effect")
	}
	for i, tracing := range t.Tracing {
		c.tracing(item(at, "tracing", i), tracing)
	}
	for i, logging := range t.AccessLogging {
		at := item(at, "accessLogging", i)
		if logging.Filter != nil {
			c.must(at.Child("filter").Child("expression"), celSyntax(logging.Filter.Expression))
		}
		c.providers(at.Child("providers"), logging.Providers)
	}
}

// celSyntax checks an expression's syntax; what it means is for Envoy to know.
func celSyntax(expression string) error {
	p, err := parser.NewParser(parser.Macros(parser.AllMacros...))
	if err != nil {
		return err
	}
	if _, mistakes := p.Parse(common.NewTextSource(expression)); len(mistakes.GetErrors()) > 0 {
		first := mistakes.GetErrors()[0]
		return fmt.Errorf("not a CEL expression: %s at column %d", first.Message, first.Location.Column()+1)
	}
	return nil
}

// providers reports the first mistake only, as the control plane does.
func (c *checker) providers(at *place, refs []*telemetry.ProviderRef) {
	for i, ref := range refs {
		if ref.Name == "" {
			c.failf(at.Child(resource.Index(i)), "a provider needs a name")
			return
		}
	}
}

func (c *checker) tracing(at *place, t *telemetry.Tracing) {
	if len(t.Providers) > 1 {
		c.warnf(at.Child("providers"), "only one provider of tracing is supported")
	}
	c.providers(at.Child("providers"), t.Providers)
	if share := t.RandomSamplingPercentage.GetValue(); share < 0 || share > 100 {
		c.failf(at.Child("randomSamplingPercentage"), "%v is not a percentage between 0 and 100", share)
	}
	for _, name := range sortedKeys(t.CustomTags) {
		at := at.Child("customTags").Child(name)
		if name == "" {
			c.failf(at, "a tag has no name")
		}
		switch tag := t.CustomTags[name].GetType().(type) {
		case *telemetry.Tracing_CustomTag_Literal:
			if tag.Literal.GetValue() == "" {
				c.failf(at.Child("literal"), "the tag needs a value")
			}
		case *telemetry.Tracing_CustomTag_Header:
			if tag.Header.GetName() == "" {
				c.failf(at.Child("header"), "the tag needs the name of a header")
			}
		case *telemetry.Tracing_CustomTag_Environment:
			if tag.Environment.GetName() == "" {
				c.failf(at.Child("environment"), "the tag needs the name of an environment variable")
			}
		}
	}
}

func (c *checker) metrics(at *place, m *telemetry.Metrics) {
	c.providers(at.Child("providers"), m.Providers)
	for i, override := range m.Overrides {
		at := item(at, "overrides", i)
		for _, name := range sortedKeys(override.TagOverrides) {
			c.tagOverride(at.Child("tagOverrides").Child(name), name, override.TagOverrides[name])
		}
		if custom, ok := override.GetMatch().GetMetricMatch().(*telemetry.MetricSelector_CustomMetric); ok && custom.CustomMetric == "" {
			c.failf(at.Child("match").Child("customMetric"), "customMetric is empty")
		}
	}
}

func (c *checker) tagOverride(at *place, name string, tag *telemetry.MetricsOverrides_TagOverride) {
	if name == "" {
		c.warnf(at, "a tag has no name")
	}
	switch {
	case tag.GetOperation() == telemetry.MetricsOverrides_TagOverride_UPSERT && tag.GetValue() == "":
		c.failf(at, "operation UPSERT needs a value")
	case tag.GetOperation() == telemetry.MetricsOverrides_TagOverride_REMOVE && tag.GetValue() != "":
		c.failf(at.Child("value"), "operation REMOVE has no use for a value")
	}
}
