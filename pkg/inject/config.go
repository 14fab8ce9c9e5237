package inject

import (
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// Config is the injector's configuration: the key "config" of the ConfigMap
// istio-sidecar-injector.
type Config struct {
	// Policy is what happens to pods that neither label, annotation nor
	// selector decides about: "enabled" or "disabled".
	Policy Policy `json:"policy"`
	// DefaultTemplates are used for pods that name none.
	DefaultTemplates []string `json:"defaultTemplates"`
	// Templates by name; each renders a part of a pod.
	Templates map[string]string `json:"templates"`
	// Aliases are names that stand for several templates.
	Aliases map[string][]string `json:"aliases"`
	// NeverInjectSelector wins over AlwaysInjectSelector; of each list one
	// match is enough.
	NeverInjectSelector  []metav1.LabelSelector `json:"neverInjectSelector"`
	AlwaysInjectSelector []metav1.LabelSelector `json:"alwaysInjectSelector"`
	// InjectedAnnotations are put on every injected pod.
	InjectedAnnotations map[string]string `json:"injectedAnnotations"`
}

// Policy says whether pods are injected by default.
type Policy string

// The policies that the injector knows.
const (
	PolicyEnabled  Policy = "enabled"
	PolicyDisabled Policy = "disabled"
)

// SidecarTemplate is the name of the template for ordinary workloads.
const SidecarTemplate = "sidecar"

// ParseConfig reads an injector configuration. A text that is not one but a
// bare template becomes a configuration with that template alone.
func ParseConfig(text []byte) (*Config, error) {
	var c Config
	if err := yaml.Unmarshal(text, &c); err != nil || len(c.Templates) == 0 {
		if len(text) == 0 {
			return nil, errors.New("reading injection config: it is empty; expected a map with the key `templates`, or a template")
		}
		c = Config{Templates: map[string]string{SidecarTemplate: string(text)}, Policy: PolicyEnabled}
	}
	if len(c.DefaultTemplates) == 0 {
		c.DefaultTemplates = []string{SidecarTemplate}
	}
	switch c.Policy {
	case PolicyEnabled, PolicyDisabled:
	case "":
		c.Policy = PolicyEnabled
	default:
		return nil, fmt.Errorf("reading injection config: policy %q: expected %q or %q", c.Policy, PolicyEnabled, PolicyDisabled)
	}
	return &c, nil
}
