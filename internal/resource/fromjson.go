package resource

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// header is what every object carries.
type header struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name         string            `json:"name"`
		GenerateName string            `json:"generateName"`
		Namespace    string            `json:"namespace"`
		Labels       map[string]string `json:"labels"`
		Annotations  map[string]string `json:"annotations"`
	} `json:"metadata"`
}

// FromJSON reads the header of one object that a program has written, such as
// an API server. It is many times faster than Parse and knows no places in
// the input. The object keeps data as its JSON.
func FromJSON(data []byte) (*Object, error) {
	var h header
	if err := json.Unmarshal(data, &h); err != nil {
		return nil, fmt.Errorf("reading an object: %w", err)
	}
	gv, err := schema.ParseGroupVersion(h.APIVersion)
	if err != nil {
		return nil, fmt.Errorf("reading an object of kind %s: apiVersion %q: expected VERSION or GROUP/VERSION", h.Kind, h.APIVersion)
	}
	return &Object{
		Key: Key{
			GroupKind: schema.GroupKind{Group: gv.Group, Kind: h.Kind},
			Namespace: h.Metadata.Namespace,
			Name:      h.Metadata.Name,
		},
		Version:      gv.Version,
		GenerateName: h.Metadata.GenerateName,
		Labels:       h.Metadata.Labels,
		Annotations:  h.Metadata.Annotations,
		JSON:         data,
	}, nil
}
