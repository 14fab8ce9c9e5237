package analyze

import (
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func peerAuthenticationTLS() Analyzer {
	return Analyzer{
		Name:  "authn.TLSConflictAnalyzer",
		Doc:   "Clients speak the mTLS that servers insist on",
		Codes: []string{"MSH0107", "MSH0108"},
		Needs: []schema.GroupKind{istio.DestinationRule, istio.Namespace, istio.PeerAuthentication, istio.Pod},
		Run: func(m *Mesh) []Finding {
			strict := strictNamespaces(m)
			return append(rulesWithoutTLS(m, strict), clientsOutsideMesh(m, strict)...)
		},
	}
}

// strictNamespaces are the namespaces whose workloads accept mTLS only, by the
// policy that says so; "" stands for the whole mesh.
func strictNamespaces(m *Mesh) map[string]typed[security.PeerAuthentication] {
	strict := map[string]typed[security.PeerAuthentication]{}
	for _, p := range specs[security.PeerAuthentication](m, istio.PeerAuthentication) {
		if len(p.Spec.GetSelector().GetMatchLabels()) > 0 || p.Spec.GetMtls().GetMode() != security.PeerAuthentication_MutualTLS_STRICT {
			continue
		}
		if p.Namespace == m.RootNamespace() {
			strict[""] = p
		} else {
			strict[p.Namespace] = p
		}
	}
	// A namespace's own policy takes precedence over the mesh's.
	for _, p := range specs[security.PeerAuthentication](m, istio.PeerAuthentication) {
		mode := p.Spec.GetMtls().GetMode()
		if len(p.Spec.GetSelector().GetMatchLabels()) == 0 && p.Namespace != m.RootNamespace() &&
			(mode == security.PeerAuthentication_MutualTLS_PERMISSIVE || mode == security.PeerAuthentication_MutualTLS_DISABLE) {
			strict[p.Namespace] = typed[security.PeerAuthentication]{}
		}
	}
	return strict
}

func strictIn(strict map[string]typed[security.PeerAuthentication], namespace string) (typed[security.PeerAuthentication], bool) {
	p, own := strict[namespace]
	if !own {
		p = strict[""]
	}
	return p, p.Object != nil
}

// rulesWithoutTLS finds DestinationRules that make clients speak plain text to servers that refuse it.
func rulesWithoutTLS(m *Mesh, strict map[string]typed[security.PeerAuthentication]) []Finding {
	var findings []Finding
	suffix := ".svc." + m.ClusterDomain
	for _, rule := range specs[networking.DestinationRule](m, istio.DestinationRule) {
		tls := rule.Spec.GetTrafficPolicy().GetTls()
		host := istio.FQDN(rule.Spec.GetHost(), rule.Namespace, m.ClusterDomain)
		if tls == nil || tls.GetMode() == networking.ClientTLSSettings_ISTIO_MUTUAL || !strings.HasSuffix(host, suffix) {
			continue
		}
		_, namespace, _ := strings.Cut(strings.TrimSuffix(host, suffix), ".")
		if policy, ok := strictIn(strict, namespace); ok {
			findings = append(findings, found("MSH0107", rule.Object, path("spec", "trafficPolicy", "tls", "mode"),
				"clients of %q do not use the mesh's mTLS (mode %s), but %s makes the servers refuse anything else", rule.Spec.GetHost(), tls.GetMode(), policy.Key))
		}
	}
	return findings
}

// clientsOutsideMesh finds strict namespaces with workloads beside them that
// have no sidecar and so cannot call into them.
func clientsOutsideMesh(m *Mesh, strict map[string]typed[security.PeerAuthentication]) []Finding {
	outside := map[string]*workload{} // the first in each namespace
	for _, w := range m.workloads().all {
		_, known := m.namespaces()[w.Namespace]
		if known && !m.inMesh(w) && !w.inAmbientMode() && !namespaceInAmbientMode(m.namespaces()[w.Namespace]) && outside[w.Namespace] == nil && w.Namespace != m.IstioNamespace {
			outside[w.Namespace] = w
		}
	}
	var findings []Finding
	for namespace, w := range outside {
		if policy, ok := strictIn(strict, namespace); ok {
			findings = append(findings, found("MSH0108", policy.Object, path("spec", "mtls", "mode"),
				"%s has no sidecar: it can neither call workloads that insist on mTLS nor is it protected by this policy", w.Key))
		}
	}
	return findings
}
