package printer

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
)

func TestPrintJSONEachWritesWhatPrintJSONWrites(t *testing.T) {
	for _, list := range [][]json.RawMessage{
		{},
		{json.RawMessage(`1`)},
		{json.RawMessage(`{"a":[1,2,{}],"b":{"c":"<&>"}}`), json.RawMessage(`[]`), json.RawMessage(`null`)},
	} {
		var want, got bytes.Buffer
		if err := PrintJSON(&want, list); err != nil {
			t.Fatal(err)
		}
		if err := PrintJSONEach(&got, slices.Values(list)); err != nil {
			t.Fatal(err)
		}
		if got.String() != want.String() {
			t.Errorf("got\n%swant\n%s", got.String(), want.String())
		}
	}
	if err := PrintJSONEach(&bytes.Buffer{}, slices.Values([]json.RawMessage{json.RawMessage("{")})); err == nil {
		t.Error("what is no JSON is printed")
	}
}
