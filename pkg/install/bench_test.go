package install

import (
	"context"
	"testing"
)

// BenchmarkRenderDefault is the work of `manifest generate` for the default
// profile, output included.
func BenchmarkRenderDefault(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		config, err := Resolve(Input{})
		if err != nil {
			b.Fatal(err)
		}
		rendering, err := Render(context.Background(), config, RenderOptions{})
		if err != nil {
			b.Fatal(err)
		}
		for _, o := range rendering.Objects {
			if _, err := o.YAML(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkRenderInjectionConfig is what injection without a cluster needs.
func BenchmarkRenderInjectionConfig(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		config, err := Resolve(Input{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Render(context.Background(), config, RenderOptions{
			Components: []string{"Pilot"},
			Templates:  []string{"configmap.yaml", "istiod-injector-configmap.yaml"},
		}); err != nil {
			b.Fatal(err)
		}
	}
}
