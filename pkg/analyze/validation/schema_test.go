package validation

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/resource"
)

func TestEveryCRDCompiles(t *testing.T) {
	if len(crds()) < 15 {
		t.Fatalf("found %d CRDs only: %v", len(crds()), crds())
	}
	for kind, c := range crds() {
		definition, err := c.decode()
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range definition.Spec.Versions {
			if _, err := c.version(v.Name); err != nil {
				t.Errorf("%v %s: %v", kind, v.Name, err)
			}
			if !served(&resource.Object{Key: resource.Key{GroupKind: kind}, Version: v.Name}) {
				t.Errorf("%v: the semantic rules do not know version %s", kind, v.Name)
			}
		}
	}
}

func TestSchema(t *testing.T) {
	const head = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: b}\n"
	tests := []struct {
		name, in string
		want     []string
	}{
		{"a good one", head + "spec:\n  hosts: [a]\n  http:\n  - route:\n    - destination: {host: a}\n    timeout: 5s\n", nil},
		{"an unknown field", head + "spec:\n  host: [a]\n", []string{"5:3 MSH0002 spec.host: there is no field host; did you mean hosts?"}},
		{"deep inside", head + "spec:\n  hosts: [a]\n  http:\n  - route:\n    - destination: {host: a, subst: v1}\n",
			[]string{"8:37 MSH0002 spec.http[0].route[0].destination.subst: there is no field subst; did you mean subset?"}},
		{"beside spec", head + "sepc:\n  hosts: [a]\nfoo: 1\n", []string{
			"6:6 MSH0002 foo: there is no field foo beside apiVersion, kind, metadata, spec and status",
			"4:1 MSH0002 sepc: there is no field sepc; did you mean spec?"}},
		{"a wrong type", head + "spec:\n  hosts: a\n", []string{"5:10 MSH0003 spec.hosts: must be of type array: \"string\""}},
		{"a wrong enum value", "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a}\nspec:\n  hosts: [a.b]\n  resolution: DSN\n",
			[]string{"6:15 MSH0003 spec.resolution: the value DSN does not exist; supported values: \"NONE\", \"STATIC\", \"DNS\", \"DNS_ROUND_ROBIN\", \"DYNAMIC_DNS\""}},
		{"a missing field", head + "spec:\n  hosts: [a]\n  http:\n  - route:\n    - weight: 1\n", []string{"8:7 MSH0003 spec.http[0].route[0].destination: a required field is missing"}},
		{"a CEL rule", head + "spec:\n  hosts: [a]\n  http:\n  - timeout: 10\n", []string{"7:14 MSH0003 spec.http[0].timeout: must be of type string: \"integer\""}},
		{"a duration", head + "spec:\n  hosts: [a]\n  http:\n  - timeout: 1us\n    route:\n    - destination: {host: a}\n",
			[]string{"7:14 MSH0003 spec.http[0].timeout: must be a valid duration greater than 1ms"}},
		{"a version that is not served", "apiVersion: networking.istio.io/v9\nkind: VirtualService\nmetadata: {name: a}\n",
			[]string{"1:13 MSH0003 apiVersion: VirtualService has no version v9: use v1 or v1alpha3 or v1beta1"}},
		{"null is as absent", head + "spec:\n  hosts: [a]\n  http: null\n  tcp:\n  - route:\n    - destination: {host: a}\n", nil},
		{"another kind", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspek: {}\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, described(parseOne(t, tt.in), Schema)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestParsePath(t *testing.T) {
	for text, want := range map[string]resource.FieldPath{
		"spec.http[0].match[12].uri": {"spec", "http", "0", "match", "12", "uri"},
		"spec.headers[a.b/c].exact":  {"spec", "headers", "a.b/c", "exact"},
		"spec":                       {"spec"},
		"":                           nil,
		"spec.":                      {"spec"},
		"[0][":                       {"0", "["},
	} {
		if got := parsePath(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
