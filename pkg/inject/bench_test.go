package inject

import (
	"bytes"
	"fmt"
	"testing"
)

// manyDeployments is a stream of n Deployments that differ in their names.
func manyDeployments(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-%d
  namespace: ns-%d
  labels:
    app: app-%d
spec:
  replicas: 2
  selector:
    matchLabels:
      app: app-%d
  template:
    metadata:
      labels:
        app: app-%d
        version: v1
    spec:
      serviceAccountName: app-%d
      containers:
      - name: app
        image: docker.io/example/app:1.%d
        ports:
        - name: http
          containerPort: 8080
        env:
        - name: LOG_LEVEL
          value: info
        readinessProbe:
          httpGet:
            path: /ready
            port: http
        resources:
          requests:
            cpu: 100m
            memory: 128Mi
`, i, i%20, i, i, i, i, i)
	}
	return b.Bytes()
}

// BenchmarkThousandDeployments is the budget's row: 1,000 Deployments in one
// stream within 0.86 s, one fifth of istioctl's time.
func BenchmarkThousandDeployments(b *testing.B) {
	injector := testInjector(b, Options{Explicit: true})
	stream := manyDeployments(1000)
	b.ReportAllocs()
	for b.Loop() {
		if result := injector.Stream("bench.yaml", stream); len(result.Failures()) > 0 {
			b.Fatal(result.Failures()[0])
		}
	}
}
