package analyze

import (
	"net/netip"
	"net/url"
	"strings"

	admission "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func externalControlPlane() Analyzer {
	return Analyzer{
		Name:  "externalcontrolplane.ExternalControlPlaneAnalyzer",
		Doc:   "Webhooks of an external control plane have a usable address",
		Codes: []string{"IST0163", "IST0164"},
		Needs: []schema.GroupKind{istio.MutatingWebhookConfiguration, istio.ValidatingWebhookConfiguration},
		Run:   checkWebhookURLs,
	}
}

func checkWebhookURLs(m *Mesh) []Finding {
	var findings []Finding
	check := func(o *resource.Object, i int, name string, config admission.WebhookClientConfig) {
		field := path("webhooks", i, "clientConfig", "url")
		switch {
		case config.URL == nil && config.Service == nil:
			findings = append(findings, found("IST0163", o, field, "webhook %s has neither a URL nor a service", name))
		case config.URL != nil:
			address, err := url.Parse(*config.URL)
			if err != nil {
				findings = append(findings, found("IST0163", o, field, "the URL %q of webhook %s cannot be parsed", *config.URL, name))
			} else if _, err := netip.ParseAddr(address.Hostname()); err == nil {
				findings = append(findings, found("IST0164", o, field, "the URL %q of webhook %s has an IP address instead of a host name", *config.URL, name))
			}
		}
	}
	for _, o := range m.Of(istio.ValidatingWebhookConfiguration) {
		if o.Name != "istiod-default-validator" && !strings.HasPrefix(o.Name, "istio-validator") {
			continue
		}
		if config, err := resource.As[admission.ValidatingWebhookConfiguration](o); err == nil {
			for i, webhook := range config.Webhooks {
				check(o, i, webhook.Name, webhook.ClientConfig)
			}
		}
	}
	for _, o := range m.Of(istio.MutatingWebhookConfiguration) {
		if !strings.HasPrefix(o.Name, "istio-sidecar-injector") {
			continue
		}
		if config, err := resource.As[admission.MutatingWebhookConfiguration](o); err == nil {
			for i, webhook := range config.Webhooks {
				check(o, i, webhook.Name, webhook.ClientConfig)
			}
		}
	}
	return findings
}
