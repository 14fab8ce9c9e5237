package inject

import (
	"encoding/json"
	"fmt"
	"strconv"

	"sigs.k8s.io/yaml"
)

// Values are the Helm values of the installation that the templates read: the
// key "values" of the ConfigMap istio-sidecar-injector.
type Values struct {
	all   map[string]any // as templates see them
	known knownValues
}

// knownValues are the values that the injector itself reads.
type knownValues struct {
	Platform string `json:"platform"`
	Global   struct {
		Platform     string   `json:"platform"`
		Hub          string   `json:"hub"`
		Tag          imageTag `json:"tag"`
		Variant      string   `json:"variant"`
		Network      string   `json:"network"`
		MultiCluster struct {
			ClusterName string `json:"clusterName"`
		} `json:"multiCluster"`
		Proxy struct {
			Image                           string `json:"image"`
			HoldApplicationUntilProxyStarts bool   `json:"holdApplicationUntilProxyStarts"`
		} `json:"proxy"`
		ProxyInit struct {
			Image string `json:"image"`
		} `json:"proxy_init"`
	} `json:"global"`
	SidecarInjectorWebhook struct {
		RewriteAppHTTPProbe bool `json:"rewriteAppHTTPProbe"`
	} `json:"sidecarInjectorWebhook"`
	Revision string `json:"revision"`
}

// imageTag is text, or a number such as 1.31 that somebody forgot to quote.
type imageTag string

// UnmarshalJSON takes strings and numbers.
func (t *imageTag) UnmarshalJSON(data []byte) error {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	switch v := v.(type) {
	case nil:
	case string:
		*t = imageTag(v)
	case float64:
		*t = imageTag(strconv.FormatFloat(v, 'g', -1, 64))
	default:
		return fmt.Errorf("expected a string, found %s", data)
	}
	return nil
}

// ParseValues reads values from JSON or YAML.
func ParseValues(text []byte) (*Values, error) {
	v := &Values{}
	if err := yaml.Unmarshal(text, &v.all); err != nil {
		return nil, fmt.Errorf("reading injection values: %w", err)
	}
	if v.all == nil {
		return nil, fmt.Errorf("reading injection values: expected a map with the key `global`, found nothing")
	}
	if err := yaml.Unmarshal(text, &v.known); err != nil {
		return nil, fmt.Errorf("reading injection values: %w", err)
	}
	return v, nil
}

// openShift says whether the mesh is installed for OpenShift.
func (v *Values) openShift() bool {
	return firstOf(v.known.Global.Platform, v.known.Platform) == "openshift"
}

// Revision is the control plane revision that the values belong to; "" for
// the default one.
func (v *Values) Revision() string { return v.known.Revision }
