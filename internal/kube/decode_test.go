package kube

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestAnObjectWithoutItsManagedFields(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{`{"metadata":{"name":"a","managedFields":[{"f":{"a":1}}],"uid":"x"},"spec":{"b":2}}`, `{"metadata":{"name":"a","uid":"x"},"spec":{"b":2}}`},
		{`{"kind":"A","metadata":{"name":"a","managedFields":[]}}`, `{"kind":"A","metadata":{"name":"a"}}`},
		{`{ "metadata" : { "managedFields" : [ ] , "name" : "a" } }`, `{"metadata":{"name":"a"}}`},
		{`{"metadata":{"managedFields":null}}`, `{"metadata":{}}`},
		{`{"spec":{"managedFields":[1]},"metadata":{"annotations":{"managedFields":"x"}}}`, `{"spec":{"managedFields":[1]},"metadata":{"annotations":{"managedFields":"x"}}}`},
		{`{"metadata":null}`, `{"metadata":null}`},
		{`{"spec":{}}`, `{"spec":{}}`},
		{`{}`, `{}`},
	} {
		var got, want any
		slim := withoutManagedFields([]byte(tt.in))
		if err := json.Unmarshal(slim, &got); err != nil {
			t.Errorf("%s became %s: %v", tt.in, slim, err)
			continue
		}
		if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s became %s", tt.in, slim)
		}
	}
}
