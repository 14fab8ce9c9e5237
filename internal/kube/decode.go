package kube

import (
	"bytes"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// decodeList reads an answer to a list request as a stream, so that a page is
// never held twice, and returns the token for the next page.
func decodeList(in io.Reader, kind Kind) ([]*resource.Object, string, error) {
	dec := jsontext.NewDecoder(in)
	if _, err := dec.ReadToken(); err != nil {
		return nil, "", fmt.Errorf("reading the list: %w", err)
	}
	var objects []*resource.Object
	var meta struct {
		Continue string `json:"continue"`
	}
	for dec.PeekKind() == '"' {
		field, err := dec.ReadToken()
		if err != nil {
			return nil, "", fmt.Errorf("reading the list: %w", err)
		}
		switch name := field.String(); {
		case name == "metadata":
			err = json.UnmarshalDecode(dec, &meta)
		case name == "items" && dec.PeekKind() == '[':
			objects, err = decodeItems(dec, kind)
		default:
			err = dec.SkipValue()
		}
		if err != nil {
			return nil, "", fmt.Errorf("reading the list: %w", err)
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, "", fmt.Errorf("reading the list: %w", err)
	}
	return objects, meta.Continue, nil
}

func decodeItems(dec *jsontext.Decoder, kind Kind) ([]*resource.Object, error) {
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	var objects []*resource.Object
	for dec.PeekKind() == '{' {
		item, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		object, err := decodeObject(bytes.Clone(item), kind)
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	_, err := dec.ReadToken()
	return objects, err
}

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

// decodeObject reads an object's header; data becomes the object's JSON.
func decodeObject(data []byte, kind Kind) (*resource.Object, error) {
	var h header
	if err := json.Unmarshal(data, &h); err != nil {
		return nil, fmt.Errorf("reading an object of kind %s: %w", kind.Kind, err)
	}
	o := &resource.Object{
		Key:          resource.Key{GroupKind: kind.GroupKind, Namespace: h.Metadata.Namespace, Name: h.Metadata.Name},
		Version:      kind.Version,
		GenerateName: h.Metadata.GenerateName,
		Labels:       h.Metadata.Labels,
		Annotations:  h.Metadata.Annotations,
		JSON:         data,
	}
	switch {
	case h.Kind == "PartialObjectMetadata":
		// Named here as what they describe, so that a Set finds them by kind.
	case h.APIVersion != "":
		gv, err := schema.ParseGroupVersion(h.APIVersion)
		if err != nil {
			return nil, fmt.Errorf("reading an object of kind %s: %w", kind.Kind, err)
		}
		o.Group, o.Version, o.Kind = gv.Group, gv.Version, h.Kind
	case len(data) > 2:
		// Items of the built-in kinds' lists do not say what they are.
		typed := fmt.Appendf(make([]byte, 0, len(data)+64), `{"apiVersion":%q,"kind":%q,`, o.APIVersion(), o.Kind)
		o.JSON = append(typed, bytes.TrimSpace(data)[1:]...)
	}
	return o, nil
}
