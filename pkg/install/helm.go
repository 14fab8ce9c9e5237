package install

import (
	"fmt"
	"sort"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/engine"
)

// oldestKubernetes is the oldest version of Kubernetes that Istio 1.31 runs on;
// charts are told this one when no cluster is asked.
const oldestKubernetes = "1.32.0"

// helmRender runs a chart's templates and gives the texts in the order of their
// file names, plus the warnings in its notes.
func helmRender(c *chart.Chart, values Values, namespace, kubeVersion string, fast bool) (texts, warnings []string, err error) {
	if kubeVersion == "" {
		kubeVersion = oldestKubernetes
	}
	version, err := common.ParseKubeVersion(kubeVersion)
	if err != nil {
		return nil, nil, &InputError{Err: fmt.Errorf("reading Kubernetes version %q: %w", kubeVersion, err)}
	}
	capabilities := common.DefaultCapabilities.Copy()
	capabilities.KubeVersion = *version
	input := common.Values{
		"Capabilities": capabilities,
		"Release": map[string]any{
			"Name": "istio", "Namespace": namespace, "Service": "Helm",
			"IsInstall": false, "IsUpgrade": false, "Revision": 0,
		},
		"Values": common.Values(combineCharts(c, values)),
	}
	e := engine.Engine{}
	if fast {
		e.CustomTemplateFuncs = crdFuncs()
	}
	files, err := e.Render(c, input)
	if err != nil {
		return nil, nil, fmt.Errorf("rendering chart %s: %w", c.Name(), err)
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if strings.HasSuffix(name, ".txt") {
			warnings = append(warnings, noteWarnings(files[name])...)
			continue
		}
		texts = append(texts, files[name])
	}
	return append(texts, crdTexts(c, values)...), warnings, nil
}

// crdTexts gives the chart's crds/ folder, which Helm does not template.
func crdTexts(c *chart.Chart, values Values) []string {
	if enabled, ok := lookup(values, "base", "enableIstioConfigCRDs"); ok && enabled == false && c.Name() == "base" {
		return nil
	}
	crds := c.CRDObjects()
	sort.Slice(crds, func(i, j int) bool { return crds[i].Name < crds[j].Name })
	var texts []string
	for _, crd := range crds {
		texts = append(texts, string(crd.File.Data))
	}
	return texts
}

// noteWarnings picks the warnings out of a chart's rendered notes.
func noteWarnings(notes string) []string {
	var found []string
	for line := range strings.Lines(notes) {
		if text, ok := strings.CutPrefix(line, "WARNING: "); ok {
			found = append(found, strings.TrimSpace(text))
		}
	}
	return found
}
