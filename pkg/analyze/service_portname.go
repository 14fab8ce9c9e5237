package analyze

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func servicePortName() Analyzer {
	return Analyzer{
		Name:  "service.PortNameAnalyzer",
		Doc:   "Ports of Services say which protocol they speak",
		Codes: []string{"IST0118", "IST0150"},
		Needs: []schema.GroupKind{istio.Service},
		Run:   checkPortNames,
	}
}

func checkPortNames(m *Mesh) []Finding {
	var findings []Finding
	for _, service := range views[serviceSpec](m, istio.Service) {
		if ofControlPlane(service.Object) || managedByGateway(service.Object) {
			continue
		}
		external := service.Spec.Type == "ExternalName"
		for i, port := range service.Spec.Ports {
			known := istio.ServicePortProtocol(port.Port, port.Name, port.transport(), port.AppProtocol).Known()
			switch {
			case external && (!known || port.Name == "tcp"):
				findings = append(findings, found("IST0150", service.Object, path("spec", "ports", i, "port"),
					"this port of an ExternalName service captures traffic of other services on the same port"))
			case !known:
				findings = append(findings, found("IST0118", service.Object, path("spec", "ports", i, "port"),
					"the name %q of port %d (target port %s) does not start with a protocol: it is treated as plain TCP unless requests look like HTTP",
					port.Name, port.Port, targetText(port)))
			}
		}
	}
	return findings
}

func targetText(port servicePort) string {
	target := port.target()
	return target.String()
}

// ofControlPlane reports whether an object is a part of the mesh's own installation.
func ofControlPlane(o *resource.Object) bool {
	_, labelled := o.Labels["istio"]
	return labelled || o.Labels["release"] == "istio"
}

// managedByGateway reports whether the control plane made an object for a Gateway.
func managedByGateway(o *resource.Object) bool {
	switch o.Labels[istio.GatewayManaged] {
	case "istio.io-gateway-controller", "istio.io-mesh-controller", "istio.io-eastwest-controller":
		return true
	}
	return false
}
