package analyze

import (
	"cmp"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func gatewayAPIListeners() Analyzer {
	return Analyzer{
		Name:  "k8sgateway.ListenerAnalyzer",
		Doc:   "Listeners of Gateway API gateways on the same proxies do not conflict",
		Codes: []string{"MSH0114"},
		Needs: []schema.GroupKind{istio.K8sGateway, istio.ListenerSet},

		OfParts: true,
		Run:     checkListeners,
	}
}

type gatewaySpec struct {
	Addresses []struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	} `json:"addresses"`
	Listeners []gatewayListener `json:"listeners"`
}

type gatewayListener struct {
	Name     string `json:"name"`
	Hostname string `json:"hostname"`
	Port     int32  `json:"port"`
	Protocol string `json:"protocol"`
}

type listenerSetSpec struct {
	ParentRef struct {
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
	} `json:"parentRef"`
	Listeners []gatewayListener `json:"listeners"`
}

// placedListener is a listener with the object in which it stands.
type placedListener struct {
	gatewayListener
	object *resource.Object
	index  int
}

// checkListeners compares the listeners of one set of proxies: those of a
// Gateway and of the ListenerSets attached to it. Gateways that name the same
// Service as their address share its proxies, whatever their namespaces are.
func checkListeners(m *Mesh) []Finding {
	var order []string
	byProxies := map[string][]placedListener{}
	add := func(proxies string, o *resource.Object, listeners []gatewayListener) {
		if byProxies[proxies] == nil {
			order = append(order, proxies)
		}
		for i, l := range listeners {
			byProxies[proxies] = append(byProxies[proxies], placedListener{l, o, i})
		}
	}
	proxiesOf := map[resource.Key]string{}
	for _, gw := range views[gatewaySpec](m, istio.K8sGateway) {
		proxies := gw.Key.String()
		for _, address := range gw.Spec.Addresses {
			if strings.EqualFold(address.Type, "Hostname") {
				proxies = istio.FQDN(address.Value, gw.Namespace, m.ClusterDomain)
			}
		}
		proxiesOf[gw.Key] = proxies
		add(proxies, gw.Object, gw.Spec.Listeners)
	}
	for _, set := range views[listenerSetSpec](m, istio.ListenerSet) {
		parent := resource.Key{GroupKind: istio.K8sGateway, Namespace: cmp.Or(set.Spec.ParentRef.Namespace, set.Namespace), Name: set.Spec.ParentRef.Name}
		add(cmp.Or(proxiesOf[parent], parent.String()), set.Object, set.Spec.Listeners)
	}
	var findings []Finding
	for _, proxies := range order {
		findings = append(findings, listenerConflicts(byProxies[proxies])...)
	}
	return findings
}

func listenerConflicts(listeners []placedListener) []Finding {
	type socket struct {
		port     int32
		hostname string
	}
	var findings []Finding
	first, families := map[socket]placedListener{}, map[int32]placedListener{}
	for _, l := range listeners {
		at := path("spec", "listeners", l.index, "port")
		key := socket{l.Port, l.Hostname}
		if other, taken := first[key]; taken && !shareHosts(l, other) {
			findings = append(findings, found("MSH0114", l.object, at, "listener %q has the port %d and host %q of listener %q%s: it is not used",
				l.Name, l.Port, cmp.Or(l.Hostname, "*"), other.Name, of(other.object, l.object)))
			continue
		}
		first[key] = l
		if other, known := families[l.Port]; known && protocolFamily(other.Protocol) != protocolFamily(l.Protocol) {
			findings = append(findings, found("MSH0114", l.object, at, "listener %q wants protocol %s on port %d, where listener %q%s has %s",
				l.Name, strings.ToUpper(l.Protocol), l.Port, other.Name, of(other.object, l.object), strings.ToUpper(other.Protocol)))
			continue
		}
		families[l.Port] = l
	}
	return findings
}

// shareHosts reports whether listeners of two Gateways may have one port and
// host: istiod puts the routes of plain HTTP together.
func shareHosts(a, b placedListener) bool {
	return a.object != b.object && a.object.GroupKind == istio.K8sGateway && b.object.GroupKind == istio.K8sGateway &&
		protocolFamily(a.Protocol) == "HTTP" && protocolFamily(b.Protocol) == "HTTP"
}

// of names an object if it is another one than that which is spoken of.
func of(o, spokenOf *resource.Object) string {
	if o == spokenOf {
		return ""
	}
	return " of " + o.Key.String()
}

// protocolFamily is what protocols have in common that can share a port:
// plain HTTP is told apart by the request's host, TLS by the server's name.
// It is "" for protocols that are not known.
func protocolFamily(protocol string) string {
	switch strings.ToUpper(protocol) {
	case "HTTP", "HTTP2", "GRPC", "GRPC-WEB":
		return "HTTP"
	case "HTTPS", "TLS":
		return "TLS"
	case "TCP", "MONGO", "MYSQL", "REDIS":
		return "TCP"
	case "UDP":
		return "UDP"
	}
	return ""
}
