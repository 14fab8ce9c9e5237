package analyze

import (
	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshctl/meshctl/internal/istio"
)

func gatewayPort() Analyzer {
	return Analyzer{
		Name:  "gateway.IngressGatewayPortAnalyzer",
		Doc:   "Gateways select pods, and Services lead to their ports",
		Codes: []string{"IST0101", "IST0162"},
		Needs: []schema.GroupKind{istio.Gateway, istio.Pod, istio.Service},
		Run:   checkGatewayPorts,
	}
}

func checkGatewayPorts(m *Mesh) []Finding {
	services := map[string][]typed[serviceSpec]{}
	for _, s := range views[serviceSpec](m, istio.Service) {
		services[s.Namespace] = append(services[s.Namespace], s)
	}
	reachable := map[string]map[uint32]bool{} // ports by selector: many Gateways share one
	var findings []Finding
	for _, gw := range specs[networking.Gateway](m, istio.Gateway) {
		selected := m.workloads().selectedAnywhere(gw.Spec.GetSelector())
		if len(selected) == 0 {
			if m.knowsGatewayPods() {
				findings = append(findings, missingSelector(gw.Object, gw.Spec.GetSelector(), path("spec", "selector")))
			}
			continue
		}
		selector := istio.SelectorString(gw.Spec.GetSelector())
		if reachable[selector] == nil {
			reachable[selector] = servicePorts(selected, services)
		}
		if m.Scope == Auto && len(m.Of(istio.Service)) == 0 {
			continue
		}
		for i, server := range gw.Spec.GetServers() {
			if port := server.GetPort(); port != nil && !reachable[selector][port.GetNumber()] {
				findings = append(findings, found("IST0162", gw.Object, path("spec", "servers", i, "port", "number"),
					"port %d is not a port of any Service that leads to the gateway's pods (%s)", port.GetNumber(), selector))
			}
		}
	}
	return findings
}

// servicePorts lists the TCP ports under which Services lead to workloads: the
// Services' own ports and those of the pods.
func servicePorts(selected []*workload, byNamespace map[string][]typed[serviceSpec]) map[uint32]bool {
	ports := map[uint32]bool{}
	for _, w := range selected {
		for _, s := range byNamespace[w.Namespace] {
			if !istio.Selects(s.Spec.Selector, w.Labels) {
				continue
			}
			for _, port := range s.Spec.Ports {
				if port.transport() != "TCP" {
					continue
				}
				ports[uint32(port.Port)] = true
				if target := port.target(); target.Type == intstr.Int {
					ports[uint32(target.IntVal)] = true
				}
			}
		}
	}
	return ports
}

// knowsGatewayPods reports whether a gateway without pods really has none.
// Gateways are often installed apart from what is behind them.
func (m *Mesh) knowsGatewayPods() bool {
	if m.Scope != Auto {
		return m.complete(istio.Pod)
	}
	for _, gw := range specs[networking.Gateway](m, istio.Gateway) {
		if len(gw.Spec.GetSelector()) > 0 && len(m.workloads().selectedAnywhere(gw.Spec.GetSelector())) > 0 {
			return true
		}
	}
	return m.knowsWorkloads(m.IstioNamespace)
}
