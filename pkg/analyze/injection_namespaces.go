package analyze

import (
	"encoding/json"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func injectionNamespaces() Analyzer {
	return Analyzer{
		Name:  "injection.Analyzer",
		Doc:   "Namespaces say whether they are injected, and their pods have sidecars",
		Codes: []string{"IST0102", "IST0103", "IST0123", "IST0148"},
		Needs: []schema.GroupKind{istio.ConfigMap, istio.Namespace, istio.Pod},
		Run:   checkInjection,
	}
}

func checkInjection(m *Mesh) []Finding {
	injectors := injectorConfigs(m)
	var findings []Finding
	injected := map[string]bool{}
	for _, ns := range m.Of(istio.Namespace) {
		if ns.Name == m.IstioNamespace {
			continue
		}
		injection, hasInjection := ns.Labels[istio.InjectionLabel]
		revision, hasRevision := ns.Labels[istio.RevisionLabel]
		if labels := contradictingLabels(ns.Labels); len(labels) > 1 {
			findings = append(findings, found("IST0123", ns, path("metadata", "labels"), "the labels %s contradict each other", strings.Join(labels, ", ")))
		}
		if ns.Labels[istio.DataplaneModeLabel] == "ambient" {
			continue
		}
		switch {
		case injection == "" && !hasRevision && injectors[istio.InjectorConfigMap(revision)].byDefault():
			findings = append(findings, found("IST0148", ns, path("metadata", "name"), "is injected only because injection is enabled by default"))
		case injection == "" && !hasRevision:
			findings = append(findings, found("IST0102", ns, path("metadata", "name"),
				"does not say whether it belongs to the mesh: `kubectl label namespace %s istio-injection=enabled` puts it in, `istio-injection=disabled` keeps it out", ns.Name))
		case hasInjection && injection == "enabled":
			injected[ns.Name] = true
		}
	}
	for _, pod := range views[podSpec](m, istio.Pod) {
		if injected[pod.Namespace] && !pod.Spec.HostNetwork && !refusesInjection(pod.Object) && pod.Spec.proxyImage() == "" {
			findings = append(findings, found("IST0103", pod.Object, path("metadata", "name"), "has no sidecar although its namespace is injected"))
		}
	}
	return findings
}

// contradictingLabels lists the labels of a namespace that choose its data
// plane. A namespace that opts out of injection may have the others.
func contradictingLabels(labels map[string]string) []string {
	var list []string
	injection, hasInjection := labels[istio.InjectionLabel]
	if hasInjection {
		list = append(list, istio.InjectionLabel+"="+injection)
	}
	for _, label := range []string{istio.RevisionLabel, istio.DataplaneModeLabel} {
		if value, ok := labels[label]; ok && (!hasInjection || injection == "enabled") {
			list = append(list, label+"="+value)
		}
	}
	return list
}

// refusesInjection reads the pod's label, or the deprecated annotation.
func refusesInjection(pod *resource.Object) bool {
	value, labelled := pod.Labels[istio.SidecarInject]
	if !labelled {
		value = pod.Annotations[istio.SidecarInject]
	}
	return strings.EqualFold(value, "false")
}

// injectorConfig is the part of a sidecar injector's values that analyzers read.
type injectorConfig struct {
	Global struct {
		Hub   string `json:"hub"`
		Tag   any    `json:"tag"`
		Proxy struct {
			Image string `json:"image"`
		} `json:"proxy"`
	} `json:"global"`
	SidecarInjectorWebhook struct {
		EnableNamespacesByDefault bool `json:"enableNamespacesByDefault"`
	} `json:"sidecarInjectorWebhook"`
}

func (c *injectorConfig) byDefault() bool {
	return c != nil && c.SidecarInjectorWebhook.EnableNamespacesByDefault
}

// injectorConfigs are the configurations of all revisions' injectors, by
// name of their ConfigMap. One that cannot be read is an empty one.
func injectorConfigs(m *Mesh) map[string]*injectorConfig {
	configs := map[string]*injectorConfig{}
	for _, o := range m.Of(istio.ConfigMap) {
		if !strings.HasPrefix(o.Name, istio.InjectorConfigMap("")) {
			continue
		}
		var data struct {
			Values string `json:"values"`
		}
		config := &injectorConfig{}
		if json.Unmarshal(o.Raw("data"), &data) == nil && json.Unmarshal([]byte(data.Values), config) != nil {
			config = &injectorConfig{}
		}
		configs[o.Name] = config
	}
	return configs
}
