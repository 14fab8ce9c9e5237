package analyze

import (
	"fmt"
	"slices"
	"strings"

	meshconfig "istio.io/api/mesh/v1alpha1"
	networkingv1beta1 "istio.io/api/networking/v1beta1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/internal/istio"
)

func injectionImage() Analyzer {
	return Analyzer{
		Name:  "injection.ImageAnalyzer",
		Doc:   "Pods run the proxy image that injection would give them now",
		Codes: []string{"IST0158"},
		Needs: []schema.GroupKind{istio.ConfigMap, istio.Namespace, istio.Pod, istio.ProxyConfig},
		Run:   checkProxyImages,
	}
}

// image is the proxy image that the injector uses.
func (c *injectorConfig) image() string {
	if strings.Contains(c.Global.Proxy.Image, "/") {
		return c.Global.Proxy.Image
	}
	return fmt.Sprintf("%s/%s:%v", c.Global.Hub, c.Global.Proxy.Image, c.Global.Tag)
}

func checkProxyImages(m *Mesh) []Finding {
	injectors := injectorConfigs(m)
	if len(injectors) == 0 {
		return nil
	}
	proxies := newProxyImageTypes(m)
	outdated := map[string][]string{} // pod names by namespace
	for _, pod := range views[podSpec](m, istio.Pod) {
		namespace := m.namespaces()[pod.Namespace]
		if namespace == nil || pod.Annotations["sidecar.istio.io/proxyImage"] != "" {
			continue
		}
		revision, labelled := namespace.Labels[istio.RevisionLabel]
		if !labelled && namespace.Labels[istio.InjectionLabel] != "enabled" {
			continue
		}
		injector := injectors[istio.InjectorConfigMap(revision)]
		have := pod.Spec.proxyImage()
		if injector == nil || have == "" {
			continue
		}
		if want := injector.image(); have != want && have != want+"-"+proxies.of(pod) {
			outdated[pod.Namespace] = append(outdated[pod.Namespace], pod.Name)
		}
	}
	var findings []Finding
	for namespace, pods := range outdated {
		slices.Sort(pods)
		findings = append(findings, found("IST0158", m.namespaces()[namespace], path("metadata", "name"),
			"pods run another proxy image than injection gives now: %s", strings.Join(pods, ", ")))
	}
	return findings
}

// proxyImageTypes knows the image type ("distroless", "debug") that
// configuration asks for: of the mesh, a namespace, workloads, a pod.
type proxyImageTypes struct {
	mesh, root string
	namespaces map[string]string
	workloads  map[string][]typed[networkingv1beta1.ProxyConfig]
}

func newProxyImageTypes(m *Mesh) proxyImageTypes {
	t := proxyImageTypes{
		mesh:       m.Config.GetDefaultConfig().GetImage().GetImageType(),
		namespaces: map[string]string{},
		workloads:  map[string][]typed[networkingv1beta1.ProxyConfig]{},
	}
	for _, c := range specs[networkingv1beta1.ProxyConfig](m, istio.ProxyConfig) {
		switch imageType := c.Spec.GetImage().GetImageType(); {
		case c.Namespace == m.RootNamespace():
			t.root = imageType
		case c.Spec.GetSelector() == nil:
			t.namespaces[c.Namespace] = imageType
		default:
			t.workloads[c.Namespace] = append(t.workloads[c.Namespace], c)
		}
	}
	return t
}

func (t proxyImageTypes) of(pod typed[podSpec]) string {
	candidates := []string{t.mesh, t.root, t.namespaces[pod.Namespace]}
	for _, c := range t.workloads[pod.Namespace] {
		if istio.Selects(c.Spec.GetSelector().GetMatchLabels(), pod.Labels) {
			candidates = append(candidates, c.Spec.GetImage().GetImageType())
		}
	}
	if text, ok := pod.Annotations["proxy.istio.io/config"]; ok {
		var own meshconfig.ProxyConfig
		if json, err := yaml.YAMLToJSON([]byte(text)); err == nil && istio.DecodeSpec(json, &own) == nil {
			candidates = append(candidates, own.GetImage().GetImageType())
		}
	}
	for _, imageType := range slices.Backward(candidates) {
		if imageType != "" && imageType != "default" {
			return imageType
		}
		if imageType == "default" {
			return ""
		}
	}
	return ""
}
