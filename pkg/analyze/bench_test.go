package analyze

import (
	"fmt"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/resource"
)

// meshOf is a mesh of about n objects as a YAML stream: Services with routes,
// subsets and policies, without a mistake.
func meshOf(n int) []byte {
	const objects = 4
	var text strings.Builder
	for i := range n / objects {
		fmt.Fprintf(&text, `apiVersion: v1
kind: Service
metadata:
  name: svc-%[1]d
  namespace: ns-%[2]d
spec:
  selector:
    app: svc-%[1]d
  ports:
  - name: http
    port: 8080
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: svc-%[1]d
  namespace: ns-%[2]d
spec:
  hosts:
  - svc-%[1]d
  http:
  - route:
    - destination:
        host: svc-%[1]d
        subset: v1
      weight: 90
    - destination:
        host: svc-%[1]d
        subset: v2
      weight: 10
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: svc-%[1]d
  namespace: ns-%[2]d
spec:
  host: svc-%[1]d
  subsets:
  - name: v1
    labels:
      version: v1
  - name: v2
    labels:
      version: v2
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: svc-%[1]d
  namespace: ns-%[2]d
spec:
  selector:
    matchLabels:
      app: svc-%[1]d
  rules:
  - from:
    - source:
        namespaces: ["ns-%[2]d"]
---
`, i, i%50)
	}
	return []byte(text.String())
}

// BenchmarkAnalyze shows that cost grows linearly: ns/object stays the same.
func BenchmarkAnalyze(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		text := meshOf(n)
		b.Run(fmt.Sprintf("%d objects", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				objects, problems := resource.Parse("mesh.yaml", text)
				if len(problems) > 0 {
					b.Fatal(problems[0])
				}
				if findings := Run(NewMesh(resource.NewSet(objects...), Settings{}), All()); len(findings) > 0 {
					b.Fatalf("%d findings, such as %+v", len(findings), findings[0].Record())
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/object")
		})
	}
}
