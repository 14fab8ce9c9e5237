package istio

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// DecodeSpec reads the JSON of a mesh object's spec as the control plane reads
// it: durations in Go's notation ("1m", "500ms"), unknown fields ignored, null
// in a list an empty message, unknown enum values and wrong types an error. Empty text is an empty spec.
func DecodeSpec(text []byte, into proto.Message) error {
	if len(text) == 0 {
		return nil
	}
	// The decoder of the API types does all of that, but takes five times as
	// long as the standard one, which most specs can do with.
	if protojson.Unmarshal(text, into) == nil {
		return nil
	}
	lenient, ok := into.(json.Unmarshaler)
	if !ok {
		return fmt.Errorf("decoding a spec as %T: not a type of the mesh API", into)
	}
	proto.Reset(into)
	return lenient.UnmarshalJSON(text)
}
