package analyze

import (
	telemetry "istio.io/api/telemetry/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func telemetryProviders() Analyzer {
	return Analyzer{
		Name:  "telemetry.ProviderAnalyzer",
		Doc:   "Access logging names a provider",
		Codes: []string{"IST0157"},
		Needs: []schema.GroupKind{istio.Telemetry},
		Run:   checkLogProviders,
	}
}

func checkLogProviders(m *Mesh) []Finding {
	if len(m.Config.GetDefaultProviders().GetAccessLogging()) > 0 {
		return nil
	}
	var findings []Finding
	for _, t := range specs[telemetry.Telemetry](m, istio.Telemetry) {
		for i, logging := range t.Spec.GetAccessLogging() {
			if !logging.GetDisabled().GetValue() && len(logging.GetProviders()) == 0 {
				findings = append(findings, found("IST0157", t.Object, path("spec", "accessLogging", i),
					"access logging names no provider and the mesh has no default one: it is ignored"))
			}
		}
	}
	return findings
}
