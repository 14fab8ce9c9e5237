package validation

import (
	"errors"

	networking "istio.io/api/networking/v1alpha3"
)

func (c *checker) httpMatch(at *place, m *networking.HTTPMatchRequest) {
	for _, name := range sortedKeys(m.Headers) {
		c.must(at.Child("headers").Child(name), matchedHeader(name))
		c.stringMatch(at.Child("headers").Child(name), m.Headers[name])
	}
	for _, name := range sortedKeys(m.WithoutHeaders) {
		c.must(at.Child("withoutHeaders").Child(name), matchedHeader(name))
		if value := m.WithoutHeaders[name]; value.GetRegex() != "*" { // which means any value
			c.stringMatch(at.Child("withoutHeaders").Child(name), value)
		}
	}
	c.regexMatch(at.Child("uri"), m.Uri) // the prefix may be empty, which means all
	c.stringMatch(at.Child("scheme"), m.Scheme)
	c.stringMatch(at.Child("method"), m.Method)
	c.stringMatch(at.Child("authority"), m.Authority)
	for _, name := range sortedKeys(m.QueryParams) {
		c.stringMatch(at.Child("queryParams").Child(name), m.QueryParams[name])
	}
	if m.Port != 0 {
		c.must(at.Child("port"), portNumber(m.Port))
	}
	c.labels(at.Child("sourceLabels"), m.SourceLabels)
	c.gatewayNames(at.Child("gateways"), m.Gateways)
	if m.SourceNamespace != "" && !isDNSLabel(m.SourceNamespace) {
		c.failf(at.Child("sourceNamespace"), "%q is not a namespace", m.SourceNamespace)
	}
}

// stringMatch checks a match of which neither prefix nor regex may be empty.
func (c *checker) stringMatch(at *place, m *networking.StringMatch) {
	if prefix, ok := m.GetMatchType().(*networking.StringMatch_Prefix); ok && prefix.Prefix == "" {
		c.failf(at.Child("prefix"), "the prefix is empty")
	}
	c.regexMatch(at, m)
}

func (c *checker) regexMatch(at *place, m *networking.StringMatch) {
	if r, ok := m.GetMatchType().(*networking.StringMatch_Regex); ok {
		if r.Regex == "" {
			c.must(at.Child("regex"), errEmptyRegex)
		} else {
			c.must(at.Child("regex"), regex(r.Regex))
		}
	}
}

var errEmptyRegex = errors.New("the regular expression is empty")
