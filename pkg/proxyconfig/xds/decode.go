package xds

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode fills v from a resource. Field names match in Envoy's spelling and in
// that of protobuf's JSON; duplicates and bad UTF-8 are let pass.
func Decode(raw jsontext.Value, v any) error {
	return json.Unmarshal(raw, v, json.JoinOptions(
		json.MatchCaseInsensitiveNames(true),
		jsontext.AllowDuplicateNames(true),
		jsontext.AllowInvalidUTF8(true),
	))
}
