package install

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/json"
)

// component describes one part of a mesh and how the operator document, its
// chart and its objects name it.
type component struct {
	name          string // as in the label operator.istio.io/component
	title         string // for people
	key           string // below spec.components
	on            bool   // installed if the document does not mention it
	many          bool   // spec.components.KEY is a list (gateways)
	kind          string // of the workload
	workload      string // name of the workload
	container     string
	chart         string // folder below charts/
	root          string // where its Helm values live below spec.values
	flat          bool   // the chart wants its values without the root
	enabledByPath []string
	releaseName   string // of the chart in the official repository
}

// gateway tells whether several of the component may exist, each with a name.
func (c component) gateway() bool { return c.many }

// rootPath is the place of the component's Helm values in the document.
func (c component) rootPath(keys ...string) []string {
	return append(append([]string{"spec", "values"}, strings.Split(c.root, ".")...), keys...)
}

// components lists all parts of a mesh in the order in which they are installed.
func components() []component {
	return []component{
		{
			name: "Base", title: "Istio core", key: "base", on: true,
			chart: "base", root: "global", releaseName: "base",
		},
		{
			name: "Pilot", title: "Istiod", key: "pilot", on: true,
			kind: "Deployment", workload: "istiod", container: "discovery",
			chart: "istio-control/istio-discovery", root: "pilot", releaseName: "istiod",
		},
		{
			name: "IngressGateways", title: "Ingress gateways", key: "ingressGateways", on: true, many: true,
			kind: "Deployment", workload: "istio-ingressgateway", container: "istio-proxy",
			chart: "gateways/istio-ingress", root: "gateways.istio-ingressgateway",
			enabledByPath: []string{"spec", "values", "gateways", "istio-ingressgateway", "enabled"},
		},
		{
			name: "EgressGateways", title: "Egress gateways", key: "egressGateways", many: true,
			kind: "Deployment", workload: "istio-egressgateway", container: "istio-proxy",
			chart: "gateways/istio-egress", root: "gateways.istio-egressgateway",
			enabledByPath: []string{"spec", "values", "gateways", "istio-egressgateway", "enabled"},
		},
		{
			name: "Cni", title: "CNI", key: "cni",
			kind: "DaemonSet", workload: "istio-cni-node", container: "install-cni",
			chart: "istio-cni", root: "cni", releaseName: "cni",
		},
		{
			name: "Ztunnel", title: "Ztunnel", key: "ztunnel",
			kind: "DaemonSet", workload: "ztunnel", container: "istio-proxy",
			chart: "ztunnel", root: "ztunnel", flat: true, releaseName: "ztunnel",
		},
	}
}

// instance is a component that is to be installed: once for most, once per
// list entry for gateways.
type instance struct {
	component
	namespace string
	named     string         // name of a gateway, "" if the document gives none
	raw       Values         // the entry below spec.components, nil if there is none
	labels    map[string]any // never nil if raw is given
	hub       string
	tag       any
	settings  *workloadSettings // raw.k8s, decoded; nil if there is none
}

// label names an instance in messages and file names.
func (i instance) label() string {
	if i.named != "" {
		return i.named
	}
	return i.key
}

// instances lists what the document installs of a component.
func (c component) instances(tree Values) ([]instance, error) {
	defaultNamespace := lookupString(tree, "metadata", "namespace")
	forced := c.enabledByPath != nil && lookupBool(tree, c.enabledByPath...)
	entry, _ := lookup(tree, "spec", "components", c.key)
	var entries []any
	switch entry := entry.(type) {
	case nil:
		if c.on || forced {
			return []instance{{component: c, namespace: defaultNamespace}}, nil
		}
		return nil, nil
	case []any:
		entries = entry
	default:
		entries = []any{entry}
	}
	var found []instance
	for n, entry := range entries {
		raw, ok := entry.(map[string]any)
		if !ok && entry != nil {
			return nil, fmt.Errorf("reading spec.components.%s[%d]: expected a mapping", c.key, n)
		}
		if enabled, ok := raw["enabled"].(bool); ok && !enabled && !forced {
			continue
		}
		i, err := c.instance(raw, defaultNamespace)
		if err != nil {
			return nil, err
		}
		found = append(found, i)
	}
	return found, nil
}

func (c component) instance(raw Values, namespace string) (instance, error) {
	i := instance{component: c, raw: raw, namespace: namespace, labels: Values{}}
	i.named = lookupString(raw, "name")
	i.hub = lookupString(raw, "hub")
	i.tag = raw["tag"]
	if ns := lookupString(raw, "namespace"); ns != "" {
		i.namespace = ns
	}
	if i.namespace == "" {
		i.namespace = "istio-system"
	}
	if labels := lookupMap(raw, "label"); labels != nil {
		i.labels = labels
	}
	if k8s := lookupMap(raw, "k8s"); k8s != nil {
		i.settings = &workloadSettings{}
		if err := convert(k8s, i.settings); err != nil {
			return i, fmt.Errorf("reading spec.components.%s.k8s: %w", c.key, err)
		}
	}
	return i, nil
}

// convert moves a tree into a typed struct or back, by way of JSON.
func convert(from, to any) error {
	data, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, to)
}

// Components lists the names of all components in the order of installation.
func Components() []string {
	var names []string
	for _, c := range components() {
		names = append(names, c.name)
	}
	return names
}

// Title is how people call a component.
func Title(component string) string {
	for _, c := range components() {
		if c.name == component {
			return c.title
		}
	}
	if component != "" {
		return component // of a Bundle
	}
	return "Other"
}
