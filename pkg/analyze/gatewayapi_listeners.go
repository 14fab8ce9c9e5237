package analyze

import (
	"cmp"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func gatewayAPIListeners() Analyzer {
	return Analyzer{
		Name:  "k8sgateway.ListenerAnalyzer",
		Doc:   "Listeners of a Gateway API gateway do not conflict",
		Codes: []string{"MSH0114"},
		Needs: []schema.GroupKind{istio.K8sGateway},
		Run:   checkListeners,
	}
}

type gatewaySpec struct {
	Listeners []struct {
		Name     string `json:"name"`
		Hostname string `json:"hostname"`
		Port     int32  `json:"port"`
		Protocol string `json:"protocol"`
	} `json:"listeners"`
}

func checkListeners(m *Mesh) []Finding {
	var findings []Finding
	for _, gw := range views[gatewaySpec](m, istio.K8sGateway) {
		type socket struct {
			port     int32
			hostname string
		}
		first, protocols := map[socket]string{}, map[int32]string{}
		for i, l := range gw.Spec.Listeners {
			at := path("spec", "listeners", i, "port")
			key := socket{l.Port, l.Hostname}
			if other, taken := first[key]; taken {
				findings = append(findings, found("MSH0114", gw.Object, at, "listener %q has the port %d and host %q of listener %q: it is not used",
					l.Name, l.Port, cmp.Or(l.Hostname, "*"), other))
				continue
			}
			first[key] = l.Name
			if other, known := protocols[l.Port]; known && other != l.Protocol {
				findings = append(findings, found("MSH0114", gw.Object, at, "listener %q wants protocol %s on port %d, where another has %s",
					l.Name, strings.ToUpper(l.Protocol), l.Port, strings.ToUpper(other)))
			}
			protocols[l.Port] = l.Protocol
		}
	}
	return findings
}
