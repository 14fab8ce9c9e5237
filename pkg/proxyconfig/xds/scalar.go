// Package xds has small Go shapes of Envoy's resources: only the fields that this
// program looks at, named as in Envoy's v3 API. Anything else in a resource is
// passed over, so unknown extensions and newer fields do no harm.
package xds

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Uint is an unsigned number. Protobuf's JSON allows it to be written as a string.
type Uint uint64

// UnmarshalJSON takes 80, "80" and null.
func (u *Uint) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	if text == "null" || text == "" {
		*u = 0
		return nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		f, floatErr := strconv.ParseFloat(text, 64)
		if floatErr != nil || f < 0 {
			return err
		}
		n = uint64(f)
	}
	*u = Uint(n)
	return nil
}

// Text is a string, or whatever stands in the place of one, as it is written.
type Text string

// UnmarshalJSON takes any value.
func (t *Text) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		out, err := jsontext.AppendUnquote(nil, raw)
		*t = Text(out)
		return err
	}
	if *t = Text(raw); *t == "null" {
		*t = ""
	}
	return nil
}

// Int is a signed number, which protobuf's JSON writes as a string.
type Int int64

// UnmarshalJSON takes -80 and "-80".
func (i *Int) UnmarshalJSON(raw []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	*i = Int(n)
	return err
}
