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
func decodeList(in io.Reader, kind Kind, slim bool) ([]*resource.Object, string, error) {
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
			objects, err = decodeItems(dec, kind, slim)
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

func decodeItems(dec *jsontext.Decoder, kind Kind, slim bool) ([]*resource.Object, error) {
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	var objects []*resource.Object
	for dec.PeekKind() == '{' {
		item, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		if slim {
			item = withoutManagedFields(item)
		} else {
			item = bytes.Clone(item)
		}
		object, err := decodeObject(item, kind)
		if err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
	_, err := dec.ReadToken()
	return objects, err
}

// withoutManagedFields copies an object's JSON, but for metadata.managedFields:
// notes of the API server about who wrote what, often half of the text.
func withoutManagedFields(object jsontext.Value) jsontext.Value {
	if from, to, found := managedFields(object); found {
		slim := make(jsontext.Value, 0, len(object)-(to-from))
		return append(append(slim, object[:from]...), object[to:]...)
	}
	return bytes.Clone(object)
}

// managedFields finds the part of an object's JSON that can be cut out.
func managedFields(object jsontext.Value) (from, to int, found bool) {
	dec := jsontext.NewDecoder(bytes.NewReader(object))
	for _, name := range []string{"metadata", "managedFields"} {
		if start, err := dec.ReadToken(); err != nil || start.Kind() != '{' {
			return 0, 0, false
		}
		for first := true; ; first = false {
			from = int(dec.InputOffset())
			field, err := dec.ReadToken()
			if err != nil || field.Kind() != '"' {
				return 0, 0, false
			}
			if field.String() != name {
				if dec.SkipValue() != nil {
					return 0, 0, false
				}
				continue
			}
			if name == "metadata" {
				break
			}
			if dec.SkipValue() != nil {
				return 0, 0, false
			}
			to = int(dec.InputOffset())
			// The comma before it goes along, or, if it is the first field, the one after it.
			if comma := bytes.IndexByte(object[to:], ','); first && comma >= 0 && len(bytes.TrimSpace(object[to:to+comma])) == 0 {
				to += comma + 1
			}
			return from, to, true
		}
	}
	return 0, 0, false
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
