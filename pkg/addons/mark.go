package addons

import "encoding/base64"

// mark puts an object into its namespace and labels it, and the pods that it
// makes.
func (v view) mark(content map[string]any, config string) {
	metadata, _ := content["metadata"].(map[string]any)
	switch content["kind"] {
	case "ClusterRole", "ClusterRoleBinding":
	default:
		metadata["namespace"] = v.Namespace
	}
	labels := map[string]any{
		"app.kubernetes.io/name": v.Name, "app.kubernetes.io/instance": "meshctl",
		"app.kubernetes.io/managed-by": "meshctl", "app.kubernetes.io/part-of": "meshctl-addons",
		VersionLabel: v.Version, NameLabel: v.Name, NamespaceLabel: v.Namespace,
	}
	metadata["labels"] = labels
	if content["kind"] == "PersistentVolumeClaim" || content["kind"] == "Secret" {
		delete(labels, VersionLabel) // they outlive versions
	}
	spec, _ := content["spec"].(map[string]any)
	template, _ := spec["template"].(map[string]any)
	if template == nil {
		return
	}
	annotations := map[string]any{"addons.meshctl.io/config": config}
	if port := map[string]string{"grafana": "3000", "kiali": "9090", "jaeger": "8888"}[v.Name]; port != "" {
		annotations["prometheus.io/scrape"], annotations["prometheus.io/port"] = "true", port
	}
	if v.Name == "grafana" && v.PasswordSet != "" {
		annotations[PasswordSetAnnotation] = v.PasswordSet
	}
	template["metadata"] = map[string]any{
		"annotations": annotations,
		"labels": map[string]any{
			"app": v.Name, "app.kubernetes.io/name": v.Name, "app.kubernetes.io/instance": "meshctl", VersionLabel: v.Version,
			// Outside of the mesh in either mode: what is to show that it is broken
			// must not depend on it.
			"sidecar.istio.io/inject": "false", "istio.io/dataplane-mode": "none",
		},
	}
}

func base64Text(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
