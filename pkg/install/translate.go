package install

import "fmt"

// Translation is one chart of an installation in terms of Helm.
type Translation struct {
	Component string   `json:"component"`
	Name      string   `json:"name"`
	Release   string   `json:"release,omitempty"` // "" if the official repository has no such chart
	Namespace string   `json:"namespace"`
	File      string   `json:"file,omitempty"`    // where Command expects the values
	Command   string   `json:"command,omitempty"` // installs the chart from the official repository
	Values    Values   `json:"values"`
	Warnings  []string `json:"warnings"`
}

// Translate gives the Helm values of each rendered chart, with a warning for
// whatever Helm alone would render differently.
func Translate(r *Rendering) ([]Translation, error) {
	translations := []Translation{}
	for _, c := range r.Charts {
		t := Translation{
			Component: c.Component, Name: c.Name, Release: c.Release,
			Namespace: c.Namespace, Values: c.Values, Warnings: []string{},
		}
		if c.Release == "" {
			t.Warnings = append(t.Warnings, fmt.Sprintf(
				"%s: gateways have another chart with Helm (istio/gateway), whose values are not these", c.Name))
			translations = append(translations, t)
			continue
		}
		t.File = c.Name + "-values.yaml"
		t.Command = fmt.Sprintf("helm upgrade --install %s oci://gcr.io/istio-release/charts/%s --version %s --namespace %s -f %s",
			c.Name, c.Release, DefaultRelease().Tag, c.Namespace, t.File)
		changes, err := Compare(c.Plain, c.Objects)
		if err != nil {
			return nil, err
		}
		for _, change := range changes {
			for _, field := range change.Fields {
				t.Warnings = append(t.Warnings, fmt.Sprintf(
					"%s: Helm values cannot express the change of %s in %s", c.Name, field.Path, change.ID()))
			}
		}
		translations = append(translations, t)
	}
	return translations, nil
}
