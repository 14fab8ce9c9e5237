package envoytypes

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func load(t *testing.T) *Types {
	t.Helper()
	types, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return types
}

func TestKnown(t *testing.T) {
	for name, known := range map[string]bool{
		"envoy.config.cluster.v3.Cluster":                                      true,
		"type.googleapis.com/envoy.extensions.filters.http.lua.v3.LuaPerRoute": true,
		"envoy.extensions.filters.http.golang.v3alpha.Config":                  true, // a contributed one
		"type.googleapis.com/udpa.type.v1.TypedStruct":                         true,
		"type.googleapis.com/google.protobuf.Struct":                           true,
		"istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig":            true,
		"envoy.config.filter.http.lua.v2.Lua":                                  false, // the API before v3
		"envoy.config.cluster.v3":                                              false, // a package
		"no.such.Type":                                                         false,
		"":                                                                     false,
	} {
		if got := load(t).Known(name); got != known {
			t.Errorf("%q: known %v, want %v", name, got, known)
		}
	}
}

func TestCheck(t *testing.T) {
	const cluster = "envoy.config.cluster.v3.Cluster"
	tests := []struct {
		name, message, value string
		want                 []string
	}{
		{"a good cluster", cluster, `{"name":"a","connect_timeout":"500ms","lbPolicy":"RANDOM","max_requests_per_connection":"5",
			"load_assignment":{"endpoints":[{"lb_endpoints":[{"endpoint":{"address":{"socket_address":{"address":"x","port_value":80}}}}]}]}}`, nil},
		{"a wrong duration", cluster, `{"connect_timeout":"abc"}`, []string{"connect_timeout: expected a duration"}},
		{"an unknown field", cluster, `{"no_such":1}`, []string{"no_such (tolerated): envoy.config.cluster.v3.Cluster has no field"}},
		{"an unknown enum value", cluster, `{"lb_policy":"BEST"}`, []string{"lb_policy: BEST is not one of"}},
		{"a list for an object", cluster, `{"load_assignment":[]}`, []string{"load_assignment: expected an object"}},
		{"an object for a list", cluster, `{"load_assignment":{"endpoints":{}}}`, []string{"load_assignment.endpoints: expected a list"}},
		{"a negative port", "envoy.config.core.v3.SocketAddress", `{"port_value":-1}`, []string{"port_value: the number -1 is out of range"}},
		{"a number for a text", cluster, `{"name":5}`, []string{"name: expected a text"}},
		{"a filter with its type", "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter",
			`{"name":"lua","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua","inline_code":"x"}}`, nil},
		{"a mistake inside of it", "envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter",
			`{"typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua","inline_code":[]}}`, []string{"typed_config.inline_code: expected a text"}},
		{"a type of the old API", "envoy.config.listener.v3.Filter", `{"typed_config":{"@type":"type.googleapis.com/envoy.config.filter.http.lua.v2.Lua"}}`,
			[]string{"typed_config.@type: Envoy does not know the type type.googleapis.com/envoy.config.filter.http.lua.v2.Lua; use the v3 API"}},
		{"no type", "envoy.config.listener.v3.Filter", `{"typed_config":{}}`, []string{"typed_config: @type is missing"}},
		{"a wrapped struct", "envoy.config.listener.v3.Filter", `{"typed_config":{"@type":"type.googleapis.com/google.protobuf.Struct","value":{"a":1}}}`, nil},
		{"a map", "envoy.config.core.v3.Metadata", `{"filter_metadata":{"envoy.lb":{"a":[1]}}}`, nil},
		{"null", cluster, `{"name":null,"connect_timeout":null}`, nil},
		{"a wrapper", "envoy.config.cluster.v3.OutlierDetection", `{"consecutive_5xx":5,"interval":"1m"}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var value any
			if err := json.Unmarshal([]byte(tt.value), &value); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range load(t).Check(tt.message, value) {
				text := strings.Join(m.Path, ".")
				if m.Tolerated {
					text += " (tolerated)"
				}
				got = append(got, text+": "+m.Message)
			}
			diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }))
			if diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestUnconfigured(t *testing.T) {
	for value, want := range map[string][]string{
		`{"name":"lua"}`: {"lua"},
		`{"name":"lua","typed_config":{"@type":"x"}}`:     nil,
		`{"name":"lua","typedConfig":{"@type":"x"}}`:      nil,
		`{"name":"ecds","config_discovery":{"config":1}}`: nil,
	} {
		var object map[string]any
		if err := json.Unmarshal([]byte(value), &object); err != nil {
			t.Fatal(err)
		}
		got := load(t).Unconfigured("envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter", object)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", value, diff)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := unpack(); err != nil {
			b.Fatal(err)
		}
	}
}
