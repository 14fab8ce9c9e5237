package addons

import "fmt"

// Collector is the host name to which proxies send their traces.
func Collector(namespace string) string {
	return "jaeger-collector." + namespace + ".svc.cluster.local"
}

// TracingHint says how to make a mesh send traces to Jaeger: a provider in the
// mesh configuration, and a Telemetry that uses it.
func TracingHint(namespace, istioNamespace string) string {
	return fmt.Sprintf(`jaeger: the mesh does not send traces to it yet. Add to the file that you install the mesh with (spec:):
  meshConfig:
    extensionProviders:
    - name: jaeger
      opentelemetry: {service: %s, port: 4317}
and apply, for one request in a hundred:
  apiVersion: telemetry.istio.io/v1
  kind: Telemetry
  metadata: {name: traces, namespace: %s}
  spec: {tracing: [{providers: [{name: jaeger}], randomSamplingPercentage: 1}]}`, Collector(namespace), istioNamespace)
}
