package analyze

import (
	telemetry "istio.io/api/telemetry/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func telemetryLightstep() Analyzer {
	return Analyzer{
		Name:  "telemetry.LightstepAnalyzer",
		Doc:   "Tracing does not use the removed Lightstep provider",
		Codes: []string{"IST0002"},
		Needs: []schema.GroupKind{istio.Telemetry},
		Run:   checkLightstep,
	}
}

func checkLightstep(m *Mesh) []Finding {
	deprecated := map[string]bool{}
	for _, provider := range m.Config.GetExtensionProviders() {
		if provider.GetLightstep() != nil { //nolint:staticcheck // the finding is that it is deprecated
			deprecated[provider.GetName()] = true
		}
	}
	var findings []Finding
	for _, t := range specs[telemetry.Telemetry](m, istio.Telemetry) {
		for i, tracing := range t.Spec.GetTracing() {
			for j, provider := range tracing.GetProviders() {
				if deprecated[provider.GetName()] {
					findings = append(findings, found("IST0002", t.Object, path("spec", "tracing", i, "providers", j, "name"),
						"provider %q is of the deprecated type Lightstep: use OpenTelemetry", provider.GetName()))
				}
			}
		}
	}
	return findings
}
