package resource

import "testing"

func TestRawIsTheTextOfATopLevelField(t *testing.T) {
	o := &Object{JSON: []byte(`{"kind":"A","metadata":{"name":"x","a":[1,{"spec":"no"}]},"spec": {"s":"}\"{,","n":[[],{}]} ,"n": 12.5e3,"z":null,"t":true}`)}
	for field, want := range map[string]string{
		"kind": `"A"`,
		"spec": `{"s":"}\"{,","n":[[],{}]}`,
		"n":    `12.5e3`,
		"t":    `true`,
		"z":    ``,
		"none": ``,
	} {
		if got := string(o.Raw(field)); got != want {
			t.Errorf("Raw(%q) = %s, want %s", field, got, want)
		}
	}
}

func TestRawOfBrokenTextEnds(t *testing.T) {
	for _, text := range []string{"", "{", `{"a`, `{"a":`, `{"a":{"b"`, "[]", "{]}", `{"a":"\`} {
		(&Object{JSON: []byte(text)}).Raw("spec")
	}
}
