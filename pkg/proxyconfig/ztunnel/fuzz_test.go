package ztunnel

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzRead shows every view of whatever can be read.
func FuzzRead(f *testing.F) {
	f.Add([]byte(small), "")
	f.Add([]byte(`{"workloads":[null],"services":[{"vips":[""]}],"policies":[{"rules":[[[]]]}],"certificates":[{"certChain":[{"pem":"AAAA"}]}]}`), "10.0.0.1")
	f.Add([]byte(`{"workloadState":{"":{"connections":{"inbound":[{}],"outbound":[{"src":":"}]}}}}`), "inbound")
	f.Fuzz(func(t *testing.T, text []byte, filter string) {
		d, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		for _, view := range Views() {
			for _, o := range []Filter{{}, {Namespace: filter, Node: filter, Address: filter, Direction: filter}, {Raw: true}} {
				r := view.Rows(d, o)
				if _, err := json.Marshal(r.Data); err != nil {
					t.Errorf("%s: %v", view.Name, err)
				}
				for _, row := range r.Rows {
					if len(row) != len(r.Columns) {
						t.Errorf("%s: %d cells in %d columns", view.Name, len(row), len(r.Columns))
					}
				}
			}
		}
	})
}

// FuzzLevels reads levels as a user writes them and answers as ztunnel gives them.
func FuzzLevels(f *testing.F) {
	f.Add("info,access:debug")
	f.Add("current log level is hickory_server::server=off,info\n")
	f.Fuzz(func(t *testing.T, text string) {
		if levels, err := ParseLevels(text); err == nil {
			again, err := ParseLevels(levels)
			if err != nil || again != levels {
				t.Errorf("%q became %q, and that %q, %v", text, levels, again, err)
			}
		}
		_, _ = ParseLogging(text)
	})
}
