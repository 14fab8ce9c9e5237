package analyze

import (
	"strings"

	telemetry "istio.io/api/telemetry/v1alpha1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func telemetryDefaultSelector() Analyzer {
	return Analyzer{
		Name:  "telemetry.DefaultSelectorAnalyzer",
		Doc:   "A namespace has one Telemetry without a selector at most",
		Codes: []string{"IST0160"},
		Needs: []schema.GroupKind{istio.Telemetry},
		Run:   checkDefaultTelemetries,
	}
}

func checkDefaultTelemetries(m *Mesh) []Finding {
	byNamespace := map[string][]*resource.Object{}
	for _, t := range specs[telemetry.Telemetry](m, istio.Telemetry) {
		if t.Spec.GetSelector() == nil {
			byNamespace[t.Namespace] = append(byNamespace[t.Namespace], t.Object)
		}
	}
	return severalDefaults("IST0160", "Telemetries", byNamespace)
}

// severalDefaults reports all of several objects without a selector in one namespace.
func severalDefaults(code, what string, byNamespace map[string][]*resource.Object) []Finding {
	var findings []Finding
	for _, objects := range byNamespace {
		if len(objects) < 2 {
			continue
		}
		names := strings.Join(objectNames(objects), ", ")
		for _, o := range objects {
			findings = append(findings, found(code, o, path("metadata", "name"), "the %s %s have no selector: which one counts is not defined", what, names))
		}
	}
	return findings
}
