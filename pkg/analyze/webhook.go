package analyze

import (
	"slices"
	"strings"

	admission "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func injectionWebhooks() Analyzer {
	return Analyzer{
		Name:  "webhook.Analyzer",
		Doc:   "Injection webhooks do not overlap, and lead to a control plane",
		Codes: []string{"IST0139"},
		Needs: []schema.GroupKind{istio.MutatingWebhookConfiguration, istio.Service},
		Run: func(m *Mesh) []Finding {
			hooks := injectors(m)
			return append(overlappingWebhooks(hooks), webhooksWithoutService(m, hooks)...)
		},
	}
}

// injector is one webhook of a configuration that belongs to the mesh.
type injector struct {
	object *resource.Object
	index  int
	admission.MutatingWebhook
}

func (i injector) name() string { return i.object.Name + "/" + i.Name }

func injectors(m *Mesh) []injector {
	var all []injector
	for _, o := range m.Of(istio.MutatingWebhookConfiguration) {
		config, err := resource.As[admission.MutatingWebhookConfiguration](o)
		if err != nil {
			continue
		}
		ours := len(webhookRevisions(config)) > 0 || slices.ContainsFunc(config.Webhooks, func(w admission.MutatingWebhook) bool {
			return strings.HasSuffix(w.Name, "istio.io")
		})
		for i, webhook := range config.Webhooks {
			if ours {
				all = append(all, injector{o, i, webhook})
			}
		}
	}
	return all
}

// webhookRevisions lists the revisions that a configuration's label and selectors name.
func webhookRevisions(config *admission.MutatingWebhookConfiguration) []string {
	var revisions []string
	if r, ok := config.Labels[istio.RevisionLabel]; ok {
		revisions = append(revisions, r)
	}
	for _, webhook := range config.Webhooks {
		revisions = append(revisions, selectorRevisions(webhook.NamespaceSelector)...)
		revisions = append(revisions, selectorRevisions(webhook.ObjectSelector)...)
	}
	return revisions
}

func selectorRevisions(selector *metav1.LabelSelector) []string {
	if selector == nil {
		return nil
	}
	var revisions []string
	if r, ok := selector.MatchLabels[istio.RevisionLabel]; ok {
		revisions = append(revisions, r)
	}
	for _, e := range selector.MatchExpressions {
		if e.Key == istio.RevisionLabel {
			revisions = append(revisions, e.Values...)
		}
	}
	return revisions
}

// overlappingWebhooks tries all combinations of labels that decide about
// injection: at most one webhook may select each.
func overlappingWebhooks(hooks []injector) []Finding {
	revisions := []string{}
	seen := map[*resource.Object]bool{}
	for _, h := range hooks {
		if config, err := resource.As[admission.MutatingWebhookConfiguration](h.object); err == nil && !seen[h.object] {
			seen[h.object] = true
			revisions = append(revisions, webhookRevisions(config)...)
		}
	}
	slices.Sort(revisions)
	revisions = slices.Compact(revisions)

	var findings []Finding
	for _, ns := range labelCombinations(istio.InjectionLabel, []string{"enabled", "disabled"}, revisions) {
		inNamespace := slices.DeleteFunc(slices.Clone(hooks), func(h injector) bool { return !labelsSelected(h.NamespaceSelector, ns) })
		if len(inNamespace) < 2 {
			continue
		}
		for _, pod := range labelCombinations(istio.SidecarInject, []string{"true", "false"}, revisions) {
			selecting := slices.DeleteFunc(slices.Clone(inNamespace), func(h injector) bool { return !labelsSelected(h.ObjectSelector, pod) })
			if len(selecting) < 2 {
				continue
			}
			for _, h := range selecting {
				others := []string{}
				for _, other := range selecting {
					if other.name() != h.name() {
						others = append(others, other.name())
					}
				}
				slices.Sort(others)
				if len(others) > 0 {
					findings = append(findings, found("IST0139", h.object, path("webhooks", h.index, "name"),
						"webhook %s also selects pods that %s select: they would be injected twice", h.Name, strings.Join(slices.Compact(others), ", ")))
				}
			}
		}
	}
	return findings
}

func labelCombinations(label string, values, revisions []string) []map[string]string {
	combinations := []map[string]string{{}}
	for _, v := range values {
		combinations = append(combinations, map[string]string{label: v})
	}
	for _, revision := range revisions {
		combinations = append(combinations, map[string]string{istio.RevisionLabel: revision})
		for _, v := range values {
			combinations = append(combinations, map[string]string{label: v, istio.RevisionLabel: revision})
		}
	}
	return combinations
}

func webhooksWithoutService(m *Mesh, hooks []injector) []Finding {
	var findings []Finding
	for _, h := range hooks {
		service := h.ClientConfig.Service
		if service != nil && m.Get(istio.Service, service.Namespace, service.Name) == nil && m.knowsServices(service.Namespace) {
			findings = append(findings, found("IST0139", h.object, path("webhooks", h.index, "clientConfig", "service"),
				"the control plane's Service %s/%s does not exist", service.Namespace, service.Name))
		}
	}
	return findings
}

// knowsServices reports whether all Services of a namespace are known.
func (m *Mesh) knowsServices(namespace string) bool {
	if m.Scope != Auto || m.hosts().namespaces[namespace] {
		return m.completeIn(istio.Service, namespace)
	}
	m.assume(istio.Service)
	return false
}
