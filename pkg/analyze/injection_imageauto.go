package analyze

import (
	"slices"
	"strings"

	admission "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func injectionImageAuto() Analyzer {
	return Analyzer{
		Name:  "injection.ImageAutoAnalyzer",
		Doc:   "Workloads that leave their proxy image to injection are injected",
		Codes: []string{"IST0146", "IST0147"},
		Needs: []schema.GroupKind{istio.Deployment, istio.MutatingWebhookConfiguration, istio.Namespace, istio.Pod},
		Run:   checkAutoImages,
	}
}

func checkAutoImages(m *Mesh) []Finding {
	var webhooks []admission.MutatingWebhook
	for _, o := range m.Of(istio.MutatingWebhookConfiguration) {
		if config, err := resource.As[admission.MutatingWebhookConfiguration](o); err == nil {
			for _, webhook := range config.Webhooks {
				if strings.HasSuffix(webhook.Name, "istio.io") {
					webhooks = append(webhooks, webhook)
				}
			}
		}
	}
	var findings []Finding
	for _, pod := range views[podSpec](m, istio.Pod) {
		if i := autoImage(pod.Spec); i >= 0 {
			findings = append(findings, found("IST0147", pod.Object, path("spec", "containers", i, "image"),
				"image `auto` was not replaced by injection: the pod cannot start"))
		}
	}
	for _, d := range views[controllerSpec](m, istio.Deployment) {
		i := autoImage(&d.Spec.Template.Spec)
		if i < 0 || !m.complete(istio.MutatingWebhookConfiguration) || m.Scope == Whole && len(webhooks) == 0 {
			continue // files of a whole mesh rarely hold the installation, too
		}
		var namespaceLabels map[string]string
		if namespace := m.namespaces()[d.Namespace]; namespace != nil {
			namespaceLabels = namespace.Labels
		}
		if !slices.ContainsFunc(webhooks, func(w admission.MutatingWebhook) bool {
			return labelsSelected(w.NamespaceSelector, namespaceLabels) && labelsSelected(w.ObjectSelector, d.Spec.Template.Metadata.Labels)
		}) {
			findings = append(findings, found("IST0146", d.Object, path("spec", "template", "spec", "containers", i, "image"),
				"image `auto` will not be replaced: no injection webhook selects this Deployment's pods"))
		}
	}
	return findings
}

// autoImage is the index of the proxy container that waits for injection, or -1.
func autoImage(spec *podSpec) int {
	return slices.IndexFunc(spec.Containers, func(c container) bool { return c.Name == istio.ProxyContainer && c.Image == "auto" })
}

// labelsSelected is how a webhook's selectors work: none selects everything.
func labelsSelected(selector *metav1.LabelSelector, set map[string]string) bool {
	if selector == nil {
		return true
	}
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(set))
}
