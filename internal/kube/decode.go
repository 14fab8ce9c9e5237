package kube

import (
	"bytes"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

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

// decodeObject reads an object that the API server has sent as one of a kind;
// data becomes the object's JSON.
func decodeObject(data []byte, kind Kind) (*resource.Object, error) {
	o, err := resource.FromJSON(data)
	if err != nil {
		return nil, err
	}
	switch o.Kind {
	case "PartialObjectMetadata":
		// Named as what it describes, so that a Set finds it by kind.
		o.GroupKind, o.Version = kind.GroupKind, kind.Version
	case "":
		// Items of the built-in kinds' lists do not say what they are.
		o.GroupKind, o.Version = kind.GroupKind, kind.Version
		typed := fmt.Appendf(make([]byte, 0, len(data)+64), `{"apiVersion":%q,"kind":%q,`, o.APIVersion(), o.Kind)
		o.JSON = append(typed, bytes.TrimSpace(data)[1:]...)
	}
	return o, nil
}
