package analyze

import (
	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshctl/meshctl/internal/istio"
)

// listeningPorts are the ports that proxies of the mesh may listen on: those
// of Services, ServiceEntries, gateways, pods and Sidecars.
type listeningPorts struct {
	ports map[uint32]bool
	all   bool // whether there can be no others
}

func newListeningPorts(m *Mesh) *listeningPorts {
	p := &listeningPorts{ports: map[uint32]bool{}, all: m.complete(istio.Service) && m.Scope != Auto}
	for _, s := range views[serviceSpec](m, istio.Service) {
		for _, port := range s.Spec.Ports {
			p.ports[uint32(port.Port)] = true
			if target := port.target(); target.Type == intstr.Int {
				p.ports[uint32(target.IntVal)] = true
			}
		}
	}
	for _, s := range specs[networking.ServiceEntry](m, istio.ServiceEntry) {
		for _, port := range s.Spec.GetPorts() {
			p.ports[port.GetNumber()], p.ports[port.GetTargetPort()] = true, true
		}
	}
	for _, gw := range specs[networking.Gateway](m, istio.Gateway) {
		for _, server := range gw.Spec.GetServers() {
			p.ports[server.GetPort().GetNumber()] = true
		}
	}
	for _, gw := range views[gatewaySpec](m, istio.K8sGateway) {
		for _, listener := range gw.Spec.Listeners {
			p.ports[uint32(listener.Port)] = true
		}
	}
	for _, s := range specs[networking.Sidecar](m, istio.Sidecar) {
		for _, egress := range s.Spec.GetEgress() {
			p.ports[egress.GetPort().GetNumber()] = true
		}
	}
	for _, w := range m.workloads().all {
		for _, c := range w.Spec.Containers {
			for _, port := range c.Ports {
				p.ports[uint32(port.ContainerPort)] = true
			}
		}
	}
	p.ports[uint32(m.Config.GetProxyHttpPort())] = true
	return p
}

// lacks reports whether certainly nothing listens on a port. The ports from
// 15000 are the proxies' own.
func (p *listeningPorts) lacks(port uint32) bool {
	return p.all && !p.ports[port] && (port < 15000 || port > 15100)
}
