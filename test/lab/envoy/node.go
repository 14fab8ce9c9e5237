package envoy

import (
	"encoding/json"
	"fmt"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	"google.golang.org/protobuf/types/known/structpb"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshctl/meshctl/test/lab/podenv"
)

// Node returns how the proxy in a pod introduces itself to istiod, worked out
// from the pod as istio's agent does it: "pilot-agent proxy TYPE" names the
// type, ISTIO_META_* variables become metadata, labels and annotations come
// from the pod.
func Node(pod *corev1.Pod, container *corev1.Container, istioVersion string) (*corev3.Node, error) {
	env := podenv.Of(pod, container)
	kind := "sidecar"
	if args := podenv.Args(container, env); len(args) > 1 && args[0] == "proxy" && !strings.HasPrefix(args[1], "-") {
		kind = args[1]
	}
	values := map[string]any{}
	for name, value := range env {
		if key, ok := strings.CutPrefix(name, "ISTIO_META_"); ok {
			values[key] = value
		}
	}
	if ports, ok := values["POD_PORTS"].(string); ok {
		values["POD_PORTS"] = compact(ports)
	}
	proxyConfig := map[string]any{
		"binaryPath": "/usr/local/bin/envoy", "configPath": "./etc/istio/proxy", "controlPlaneAuthPolicy": "MUTUAL_TLS",
		"discoveryAddress": "istiod.istio-system.svc:15012", "drainDuration": "45s", "proxyAdminPort": 15000,
		"serviceCluster": "istio-proxy", "statNameLength": 189, "statusPort": 15020, "terminationDrainDuration": "5s",
	}
	if given := env["PROXY_CONFIG"]; given != "" {
		if err := json.Unmarshal([]byte(given), &proxyConfig); err != nil {
			return nil, fmt.Errorf("reading PROXY_CONFIG of pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
	}
	discovery, _ := proxyConfig["discoveryAddress"].(string)
	values["PROXY_CONFIG"] = proxyConfig
	values["NAME"] = pod.Name
	values["NAMESPACE"] = pod.Namespace
	values["SERVICE_ACCOUNT"] = pod.Spec.ServiceAccountName
	values["INSTANCE_IPS"] = pod.Status.PodIP
	values["LABELS"] = texts(pod.Labels)
	values["ANNOTATIONS"] = texts(pod.Annotations)
	values["ISTIO_VERSION"] = istioVersion
	values["ENVOY_STATUS_PORT"], values["ENVOY_PROMETHEUS_PORT"] = 15021, 15090
	values["PILOT_SAN"] = []any{strings.Split(discovery, ":")[0]}
	for key, fallback := range map[string]string{"CLUSTER_ID": "Kubernetes", "NODE_NAME": pod.Spec.NodeName, "MESH_ID": "cluster.local"} {
		if values[key] == nil {
			values[key] = fallback
		}
	}
	encoded, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("describing the proxy of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	metadata := &structpb.Struct{}
	if err := metadata.UnmarshalJSON(encoded); err != nil {
		return nil, fmt.Errorf("describing the proxy of pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return &corev3.Node{
		Id:            fmt.Sprintf("%s~%s~%s.%s~%s.svc.cluster.local", kind, pod.Status.PodIP, pod.Name, pod.Namespace, pod.Namespace),
		Cluster:       clusterName(pod),
		Metadata:      metadata,
		Locality:      &corev3.Locality{},
		UserAgentName: "envoy",
	}, nil
}

// Discovery returns the host:port of istiod that a node's PROXY_CONFIG names.
func Discovery(node *corev3.Node) string {
	return node.GetMetadata().GetFields()["PROXY_CONFIG"].GetStructValue().GetFields()["discoveryAddress"].GetStringValue()
}

// clusterName is the service cluster that a workload belongs to.
func clusterName(pod *corev1.Pod) string {
	for _, label := range []string{"service.istio.io/canonical-name", "app.kubernetes.io/name", "app"} {
		if name := pod.Labels[label]; name != "" {
			return name + "." + pod.Namespace
		}
	}
	return "istio-proxy." + pod.Namespace
}

// compact takes the line breaks out of JSON; other text stays as it is.
func compact(text string) string {
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return text
	}
	out, err := json.Marshal(value)
	if err != nil {
		return text
	}
	return string(out)
}

func texts(from map[string]string) map[string]any {
	to := make(map[string]any, len(from))
	for k, v := range from {
		to[k] = v
	}
	return to
}
