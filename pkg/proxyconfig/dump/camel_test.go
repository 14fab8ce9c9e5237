package dump_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// Names of fields are written as in protobuf's JSON; whatever is data stays as it is.
func TestCamelLeavesDataAlone(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"fields":                  {`{"virtual_hosts":[{"request_headers_to_add":[]}]}`, `{"virtualHosts":[{"requestHeadersToAdd":[]}]}`},
		"values":                  {`{"stat_prefix":"a_b"}`, `{"statPrefix":"a_b"}`},
		"a field of this day":     {`{"brand_new":{"also_new":1}}`, `{"brandNew":{"alsoNew":1}}`},
		"names of filters":        {`{"typed_per_filter_config":{"my_filter":{"@type":"x/envoy.A","some_field":1}}}`, `{"typedPerFilterConfig":{"my_filter":{"@type":"x/envoy.A","someField":1}}}`},
		"names that users choose": {`{"context_extensions":{"virtual_host":"a"},"source_codes":{"my_script":{"inline_string":"x"}}}`, `{"contextExtensions":{"virtual_host":"a"},"sourceCodes":{"my_script":{"inlineString":"x"}}}`},
		"the same name of a list": {`{"secrets":[{"tls_certificate":{}}],"policies":[{"a_b":1}]}`, `{"secrets":[{"tlsCertificate":{}}],"policies":[{"aB":1}]}`},
		"the same name of a message": {`{"rules":[{"requires":{"provider_name":"p"}}],"filter_state_rules":{"requires":{"my_state":{"provider_name":"p"}}},"actions":[{"request_headers":{"header_name":"x"}}]}`,
			`{"rules":[{"requires":{"providerName":"p"}}],"filterStateRules":{"requires":{"my_state":{"providerName":"p"}}},"actions":[{"requestHeaders":{"headerName":"x"}}]}`},
		"a Struct":               {`{"filter_metadata":{"my_key":{"a_b":{"c_d":1}}},"default_subset":{"a_b":"c"}}`, `{"filterMetadata":{"my_key":{"a_b":{"c_d":1}}},"defaultSubset":{"a_b":"c"}}`},
		"a TypedStruct":          {`{"typed_config":{"@type":"type.googleapis.com/udpa.type.v1.TypedStruct","type_url":"x","value":{"a_b":1}}}`, `{"typedConfig":{"@type":"type.googleapis.com/udpa.type.v1.TypedStruct","typeUrl":"x","value":{"a_b":1}}}`},
		"an extension of others": {`{"typed_config":{"@type":"type.googleapis.com/acme.v1.Widget","my_map":{"a_b":{"c_d":1}}}}`, `{"typedConfig":{"@type":"type.googleapis.com/acme.v1.Widget","my_map":{"a_b":{"c_d":1}}}}`},
		"Istio's extension":      {`{"typed_config":{"@type":"type.googleapis.com/stats.PluginConfig","disable_host_header_fallback":true}}`, `{"typedConfig":{"@type":"type.googleapis.com/stats.PluginConfig","disableHostHeaderFallback":true}}`},
		"camelCase already":      {`{"transportSocketMatches":[{"match":{"tls_mode":"istio"}}],"typedPerFilterConfig":{"my_filter":{}}}`, `{"transportSocketMatches":[{"match":{"tls_mode":"istio"}}],"typedPerFilterConfig":{"my_filter":{}}}`},
		"secrets of others":      {`{"typed_config":{"@type":"type.googleapis.com/acme.v1.Widget","password":"x"}}`, `{"typedConfig":{"@type":"type.googleapis.com/acme.v1.Widget","password":"[redacted]"}}`},
	} {
		if diff := cmp.Diff(c.want, string(dump.Camel([]byte(c.in)))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
