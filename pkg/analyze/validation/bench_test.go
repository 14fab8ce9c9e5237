package validation

import (
	"bytes"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// BenchmarkValidate is the share of an analysis of 10,000 objects that falls
// to the semantic rules, on one core.
func BenchmarkValidate(b *testing.B) {
	var in bytes.Buffer
	for i := range 10_000 {
		fmt.Fprintf(&in, `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: vs-%d
  namespace: ns-%d
spec:
  hosts: [svc-%d]
  http:
  - match:
    - uri: {prefix: /api}
    timeout: 5s
    route:
    - destination: {host: svc-%d, subset: v1}
      weight: 90
    - destination: {host: svc-%d, subset: v2}
      weight: 10
---
`, i, i%50, i, i, i)
	}
	objects, problems := resource.Parse("f", in.Bytes())
	if len(objects) != 10_000 || len(problems) > 0 {
		b.Fatal(len(objects), problems)
	}
	b.Run("decode and check", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, o := range objects {
				if issues := Validate(o); len(issues) > 0 {
					b.Fatal(issues)
				}
			}
		}
	})
	b.Run("check", func(b *testing.B) {
		specs := make([]proto.Message, len(objects))
		for i, o := range objects {
			specs[i] = newSpec(o.GroupKind)
			if err := istio.DecodeSpec(o.Raw("spec"), specs[i]); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportAllocs()
		for b.Loop() {
			for i, spec := range specs {
				if issues := ValidateSpec(objects[i], spec); len(issues) > 0 {
					b.Fatal(issues)
				}
			}
		}
	})
}
