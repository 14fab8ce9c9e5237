package validation

import "testing"

// BenchmarkSchema is what one object costs once its CRD is compiled.
func BenchmarkSchema(b *testing.B) {
	o := parseOne(b, "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: a, namespace: b}\nspec:\n  hosts: [a]\n  http:\n  - timeout: 5s\n    route:\n    - destination: {host: a}\n")
	Schema(o) // compiles the CRD
	b.ReportAllocs()
	for b.Loop() {
		if issues := Schema(o); issues != nil {
			b.Fatal(issues)
		}
	}
}

// BenchmarkCompile is what the first object of a kind costs.
func BenchmarkCompile(b *testing.B) {
	for _, kind := range []string{"VirtualService", "Telemetry"} {
		b.Run(kind, func(b *testing.B) {
			for k, c := range crds() {
				if k.Kind != kind {
					continue
				}
				definition, err := c.decode()
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					if _, err := compile(definition.Spec.Versions[0].Schema.OpenAPIV3Schema); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
