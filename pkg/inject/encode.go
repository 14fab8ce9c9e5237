package inject

import (
	"encoding/json"
	"fmt"

	"sigs.k8s.io/yaml"
)

func encodeJSON(object any) ([]byte, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("encoding the injected object: %w", err)
	}
	return text, nil
}

func jsonToYAML(text []byte) ([]byte, error) {
	out, err := yaml.JSONToYAML(text)
	if err != nil {
		return nil, fmt.Errorf("encoding the injected object: %w", err)
	}
	return out, nil
}
