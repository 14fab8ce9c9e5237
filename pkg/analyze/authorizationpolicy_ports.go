package analyze

import (
	"slices"
	"strconv"

	security "istio.io/api/security/v1beta1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/meshctl/meshctl/internal/istio"
)

func authorizationPolicyPorts() Analyzer {
	return Analyzer{
		Name:  "auth.PortAnalyzer",
		Doc:   "Ports in AuthorizationPolicies are ports of the workloads they apply to",
		Codes: []string{"MSH0120"},
		Needs: []schema.GroupKind{istio.AuthorizationPolicy, istio.Namespace, istio.Pod, istio.Service},

		OfParts: true,
		Run:     checkPolicyPorts,
	}
}

// checkPolicyPorts finds ports in policies that no workload of the policy has.
// The port of a request is the one at the pod, not the Service's: this is what
// is usually mixed up. A workload may listen on ports that nothing names, so
// only those are judged to which Services lead.
func checkPolicyPorts(m *Mesh) []Finding {
	services := map[string][]typed[serviceSpec]{}
	for _, s := range views[serviceSpec](m, istio.Service) {
		if len(s.Spec.Selector) > 0 {
			services[s.Namespace] = append(services[s.Namespace], s)
		}
	}
	ports := map[*workload]*workloadPorts{}
	var findings []Finding
	for _, policy := range specs[security.AuthorizationPolicy](m, istio.AuthorizationPolicy) {
		if !namesPorts(policy.Spec) || len(policy.Spec.GetTargetRefs()) > 0 || !m.knowsWorkloads(policy.Namespace) {
			continue // at a waypoint, the port is the Service's
		}
		labels := policy.Spec.GetSelector().GetMatchLabels()
		selected := m.workloads().selected(policy.Namespace, labels)
		if policy.Namespace == m.RootNamespace() {
			selected = m.workloads().selectedAnywhere(labels)
		}
		for _, w := range selected {
			if ports[w] == nil {
				ports[w] = portsOf(w, services[w.Namespace])
			}
		}
		findings = append(findings, judgePorts(policy, selected, ports)...)
	}
	return findings
}

func namesPorts(policy *security.AuthorizationPolicy) bool {
	for _, rule := range policy.GetRules() {
		for _, to := range rule.GetTo() {
			if len(to.GetOperation().GetPorts()) > 0 {
				return true
			}
		}
	}
	return false
}

// workloadPorts are the ports of a workload, and those of its Services under
// which others know them.
type workloadPorts struct {
	served bool // by a Service
	own    map[int32]bool
	under  map[int32]int32 // port of a Service → port of the workload
}

func portsOf(w *workload, services []typed[serviceSpec]) *workloadPorts {
	p := &workloadPorts{own: map[int32]bool{}, under: map[int32]int32{}}
	named := map[string]int32{}
	for _, list := range [][]container{w.Spec.Containers, w.Spec.InitContainers} {
		for _, c := range list {
			for _, port := range c.Ports {
				p.own[port.ContainerPort] = true
				named[port.Name] = port.ContainerPort
			}
		}
	}
	for _, s := range services {
		if !istio.Selects(s.Spec.Selector, w.Labels) {
			continue
		}
		p.served = true
		for _, port := range s.Spec.Ports {
			target := port.target()
			number := target.IntVal
			if target.Type == intstr.String {
				number = named[target.StrVal]
			}
			p.own[number] = true
			p.under[port.Port] = number
		}
	}
	return p
}

func judgePorts(policy typed[security.AuthorizationPolicy], selected []*workload, ports map[*workload]*workloadPorts) []Finding {
	if len(selected) == 0 || slices.ContainsFunc(selected, func(w *workload) bool { return !ports[w].served || w.Spec.HostNetwork }) {
		return nil
	}
	var findings []Finding
	for i, rule := range policy.Spec.GetRules() {
		for j, to := range rule.GetTo() {
			for k, text := range to.GetOperation().GetPorts() {
				number, err := strconv.ParseInt(text, 10, 32)
				port := int32(number)
				if err != nil || proxyPort(port) || slices.ContainsFunc(selected, func(w *workload) bool { return ports[w].own[port] }) {
					continue
				}
				instead := ""
				if target, ok := ports[selected[0]].under[port]; ok && target != 0 {
					instead = ": " + text + " is the port of the Service, that of the pod is " + strconv.Itoa(int(target))
				}
				findings = append(findings, found("MSH0120", policy.Object, path("spec", "rules", i, "to", j, "operation", "ports", k),
					"no workload that the policy applies to has the port %s%s", text, instead))
			}
		}
	}
	return findings
}

// proxyPort reports whether a port is the sidecar's own.
func proxyPort(port int32) bool { return port >= 15000 && port <= 15090 }
