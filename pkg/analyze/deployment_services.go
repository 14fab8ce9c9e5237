package analyze

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func deploymentServices() Analyzer {
	return Analyzer{
		Name:  "deployment.MultiServiceAnalyzer",
		Doc:   "Services of one Deployment agree about its ports",
		Codes: []string{"IST0116", "IST0137"},
		Needs: []schema.GroupKind{istio.Deployment, istio.Namespace, istio.Service},

		OfParts: true,
		Run:     checkDeploymentServices,
	}
}

func checkDeploymentServices(m *Mesh) []Finding {
	// Services by one pair of their selector, so that a Deployment looks
	// only at those that can select it.
	services := map[labelKey][]typed[serviceSpec]{}
	for _, s := range views[serviceSpec](m, istio.Service) {
		pairs := strings.SplitN(istio.SelectorString(s.Spec.Selector), ",", 2)
		if key, value, ok := strings.Cut(pairs[0], "="); ok {
			k := labelKey{s.Namespace, key, value}
			services[k] = append(services[k], s)
		}
	}
	var findings []Finding
	for _, d := range views[controllerSpec](m, istio.Deployment) {
		template := &d.Spec.Template
		w := &workload{Object: d.Object, Labels: template.Metadata.Labels, Annotations: template.Metadata.Annotations, Spec: &template.Spec}
		if d.Labels[istio.GatewayManaged] == "istio.io-mesh-controller" || !m.inMesh(w) {
			continue
		}
		var selecting []typed[serviceSpec]
		for key, value := range w.Labels {
			for _, s := range services[labelKey{d.Namespace, key, value}] {
				if istio.Selects(s.Spec.Selector, w.Labels) {
					selecting = append(selecting, s)
				}
			}
		}
		findings = append(findings, conflictingPorts(d, selecting)...)
	}
	return findings
}

func conflictingPorts(d typed[controllerSpec], services []typed[serviceSpec]) []Finding {
	byPort := map[int32]map[string][]string{}   // service names by transport protocol
	byTarget := map[string]map[int32][]string{} // service names by port
	for _, s := range services {
		for _, port := range s.Spec.Ports {
			if byPort[port.Port] == nil {
				byPort[port.Port] = map[string][]string{}
			}
			byPort[port.Port][port.transport()] = append(byPort[port.Port][port.transport()], s.Name)
			target := targetText(port)
			if byTarget[target] == nil {
				byTarget[target] = map[int32][]string{}
			}
			byTarget[target][port.Port] = append(byTarget[target][port.Port], s.Name)
		}
	}
	var findings []Finding
	for port, byProtocol := range byPort {
		if len(byProtocol) > 1 {
			protocols, names := namesByKey(byProtocol)
			findings = append(findings, found("IST0116", d.Object, path("metadata", "name"),
				"the services %s use port %d of this Deployment with different protocols: %s", strings.Join(names, ", "), port, strings.Join(protocols, ", ")))
		}
	}
	for target, ports := range byTarget {
		if len(ports) > 1 {
			numbers, names := namesByKey(ports)
			slices.Sort(numbers)
			findings = append(findings, found("IST0137", d.Object, path("metadata", "name"),
				"the services %s lead different ports %v to target port %s of this Deployment", strings.Join(names, ", "), numbers, target))
		}
	}
	return findings
}

// namesByKey splits a map into its keys and all its names, both sorted.
func namesByKey[K int32 | string](byKey map[K][]string) (keys []K, names []string) {
	for key, list := range byKey {
		keys = append(keys, key)
		names = append(names, list...)
	}
	slices.Sort(keys)
	slices.Sort(names)
	return keys, slices.Compact(names)
}
