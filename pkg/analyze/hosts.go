package analyze

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshctl/meshctl/internal/istio"
)

// destination is what a host name can resolve to: a Service, or a host of a ServiceEntry.
type destination struct {
	scope    string // namespace that sees it, or istio.ExportedToAll
	ports    []uint32
	selector map[string]string // pods behind it, where the ServiceEntry says so
}

// hostTable knows all hosts of the mesh.
type hostTable struct {
	index      istio.HostIndex[destination]
	namespaces map[string]bool // that have a Service
	entries    bool            // whether there is a ServiceEntry
}

// exportToAnnotation limits who sees a Service, as exportTo does for a ServiceEntry.
const exportToAnnotation = "networking.istio.io/exportTo"

func newHostTable(m *Mesh) *hostTable {
	t := &hostTable{namespaces: map[string]bool{}}
	for _, o := range specs[networking.ServiceEntry](m, istio.ServiceEntry) {
		t.entries = true
		d := destination{selector: o.Spec.GetWorkloadSelector().GetLabels()}
		for _, p := range o.Spec.GetPorts() {
			d.ports = append(d.ports, p.GetNumber())
		}
		for _, host := range o.Spec.GetHosts() {
			for _, d.scope = range istio.ExportScopes(o.Spec.GetExportTo(), o.Namespace) {
				t.index.Add(istio.FQDN(host, o.Namespace, m.ClusterDomain), d)
			}
		}
	}
	for _, o := range views[serviceSpec](m, istio.Service) {
		t.namespaces[o.Namespace] = true
		d := destination{}
		for _, p := range o.Spec.Ports {
			d.ports = append(d.ports, uint32(p.Port))
		}
		var exportTo []string
		if annotation := o.Annotations[exportToAnnotation]; annotation != "" {
			for to := range strings.SplitSeq(annotation, ",") {
				exportTo = append(exportTo, strings.TrimSpace(to))
			}
		}
		for _, d.scope = range istio.ExportScopes(exportTo, o.Namespace) {
			t.index.Add(istio.FQDN(o.Name, o.Namespace, m.ClusterDomain), d)
		}
	}
	return t
}

// destination finds what a host means to configuration of a namespace that
// is itself exported to the given scopes. Nil means that there is no such host.
func (m *Mesh) destination(host, namespace string, exportTo []string) *destination {
	t := m.hosts()
	fqdn := istio.FQDN(host, namespace, m.ClusterDomain)
	scopes := []string{istio.ExportedToAll}
	if len(exportTo) == 0 {
		scopes = append(scopes, namespace)
	}
	for _, to := range exportTo {
		if to == "." {
			to = namespace
		}
		scopes = append(scopes, to)
	}
	candidates := t.index.Exact(fqdn)
	for _, scope := range scopes {
		// The last one added wins, as for objects with one name.
		for _, d := range slices.Backward(candidates) {
			if d.scope == scope {
				return &d
			}
		}
	}
	for _, d := range t.index.Covering(fqdn) {
		if d.scope == istio.ExportedToAll || d.scope == namespace {
			return &d
		}
	}
	return nil
}

// knowsHost reports whether a host that is not in the table does not exist,
// as opposed to being defined elsewhere.
func (m *Mesh) knowsHost(host, namespace string) bool {
	name, isService := strings.CutSuffix(istio.FQDN(host, namespace, m.ClusterDomain), ".svc."+m.ClusterDomain)
	_, ns, inNamespace := strings.Cut(name, ".")
	isService = isService && inNamespace
	if m.Scope != Auto {
		if m.knownInPart(istio.Service, istio.ServiceEntry) {
			return isService && m.completeIn(istio.Service, ns)
		}
		return m.complete(istio.Service)
	}
	t := m.hosts()
	if isService {
		if t.namespaces[ns] {
			return true
		}
		m.assume(istio.Service)
		return false
	}
	if !t.entries {
		m.assume(istio.ServiceEntry)
	}
	return t.entries
}
