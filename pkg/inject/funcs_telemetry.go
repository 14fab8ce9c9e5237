package inject

import (
	"strings"

	meshv1alpha1 "istio.io/api/mesh/v1alpha1"
	corev1 "k8s.io/api/core/v1"
)

// otelResourceAttributes is the value of OTEL_RESOURCE_ATTRIBUTES, or "" when
// no tracing provider of the mesh asks for OpenTelemetry's names. The rules:
// https://opentelemetry.io/docs/specs/semconv/non-normative/k8s-attributes/#service-attributes
func otelResourceAttributes(mesh *meshv1alpha1.MeshConfig, annotations, labels map[string]string,
	namespace string, containers []corev1.Container,
) string {
	if !usesOTelNames(mesh) {
		return ""
	}
	const prefix = "resource.opentelemetry.io/"
	version := imageVersion(containers)
	instance := ""
	if len(containers) > 0 {
		// The kubelet fills in the pod's name, which is not known here.
		instance = namespace + ".$(POD_NAME)." + containers[0].Name
	}
	var attributes []string
	for _, a := range []struct{ name, value string }{
		{"service.namespace", firstOf(annotations[prefix+"service.namespace"], namespace)},
		{"service.version", firstOf(annotations[prefix+"service.version"], labels["app.kubernetes.io/version"], version)},
		{"service.instance.id", firstOf(annotations[prefix+"service.instance.id"], instance)},
	} {
		if a.value != "" {
			attributes = append(attributes, a.name+"="+a.value)
		}
	}
	return strings.Join(attributes, ",")
}

func usesOTelNames(mesh *meshv1alpha1.MeshConfig) bool {
	for _, provider := range mesh.GetExtensionProviders() {
		if provider.GetOpentelemetry().GetServiceAttributeEnrichment() == meshv1alpha1.MeshConfig_ExtensionProvider_OTEL_SEMANTIC_CONVENTIONS {
			return true
		}
	}
	return false
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// imageVersion is tag and digest ("1.2@sha256:..", or one of them) of the
// image, if there is just one container.
func imageVersion(containers []corev1.Container) string {
	if len(containers) != 1 {
		return ""
	}
	name, digest, _ := strings.Cut(containers[0].Image, "@")
	tag := ""
	if colon := strings.LastIndex(name, ":"); colon > strings.LastIndex(name, "/") {
		tag = name[colon+1:]
	}
	if tag != "" && digest != "" {
		return tag + "@" + digest
	}
	return tag + digest
}
