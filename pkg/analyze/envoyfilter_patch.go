package analyze

import (
	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
)

func envoyFilterPatch() Analyzer {
	return Analyzer{
		Name:  "envoyfilter.EnvoyPatchAnalyzer",
		Doc:   "Patches of EnvoyFilters take effect, whatever the order of filters",
		Codes: []string{"IST0151", "IST0152", "IST0153", "IST0154", "IST0155"},
		Needs: []schema.GroupKind{istio.EnvoyFilter},
		Run:   checkEnvoyPatches,
	}
}

func checkEnvoyPatches(m *Mesh) []Finding {
	var findings []Finding
	versioned := map[string]bool{} // filter names that earlier patches tie to a proxy version
	for _, filter := range specs[networking.EnvoyFilter](m, istio.EnvoyFilter) {
		said := map[string]bool{}
		for i, patch := range filter.Spec.GetConfigPatches() {
			if patch.GetPatch() == nil {
				break // the schema check reports it; what follows is not applied
			}
			name := patchedFilterName(patch)
			if code, message := judgePatch(patch, filter.Spec.GetPriority(), versioned[name]); code != "" && !said[message] {
				said[message] = true // once for all patches of a filter
				findings = append(findings, found(code, filter.Object, path("spec", "configPatches", i, "patch", "operation"), "%s", message))
			}
			if patch.GetMatch().GetProxy().GetProxyVersion() != "" {
				versioned[name] = true
			}
		}
	}
	return findings
}

// patchedFilterName is the name that the patch gives to a filter or, failing
// that, the name of the filter that it looks for.
func patchedFilterName(patch *networking.EnvoyFilter_EnvoyConfigObjectPatch) string {
	fields := patch.GetPatch().GetValue().GetFields()
	if fields == nil {
		return ""
	}
	if name, ok := fields["name"]; ok {
		return name.GetStringValue()
	}
	return patch.GetMatch().GetListener().GetFilterChain().GetFilter().GetName()
}

func judgePatch(patch *networking.EnvoyFilter_EnvoyConfigObjectPatch, priority int32, versioned bool) (code, message string) {
	operation, target := patch.GetPatch().GetOperation(), patch.GetApplyTo()
	ofRoutes := target == networking.EnvoyFilter_ROUTE_CONFIGURATION || target == networking.EnvoyFilter_HTTP_ROUTE
	switch operation {
	case networking.EnvoyFilter_Patch_ADD:
		if ofRoutes {
			return "IST0153", "operation ADD is ignored for " + target.String()
		}
		return "", ""
	case networking.EnvoyFilter_Patch_REMOVE:
		if ofRoutes {
			return "IST0154", "operation REMOVE is ignored for " + target.String()
		}
	case networking.EnvoyFilter_Patch_REPLACE:
		switch target {
		case networking.EnvoyFilter_NETWORK_FILTER, networking.EnvoyFilter_HTTP_FILTER, networking.EnvoyFilter_VIRTUAL_HOST:
		default:
			return "IST0152", "operation REPLACE does not work for " + target.String()
		}
	case networking.EnvoyFilter_Patch_INSERT_BEFORE, networking.EnvoyFilter_Patch_INSERT_AFTER:
	default:
		return "", ""
	}
	switch {
	case priority != 0:
		return "", ""
	case versioned:
		return "IST0155", "the patch depends on the order of EnvoyFilters, and another patch of its filter on the proxy's version: it may stop to apply during an upgrade"
	}
	return "IST0151", "the patch depends on the order of EnvoyFilters, which is not defined without a priority"
}
