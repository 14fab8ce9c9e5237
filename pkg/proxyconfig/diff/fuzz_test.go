package diff_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/pkg/proxyconfig/diff"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// FuzzCompare compares any two texts that can be read as dumps.
func FuzzCompare(f *testing.F) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 1))
		a := randomDump(r)
		left, errLeft := json.Marshal(a)
		right, errRight := json.Marshal(mutate(r, a))
		if errLeft != nil || errRight != nil {
			f.Fatal(errLeft, errRight)
		}
		f.Add(left, right)
	}
	f.Add([]byte(`{"configs":[{"dynamic_listeners":[{"active_state":null}]}]}`), []byte(`{"configs":[null]}`))
	f.Add([]byte("static_resources: {clusters: [{name: c}]}"), []byte("c::10.0.0.1:80::health_flags::healthy\n"))
	f.Fuzz(func(t *testing.T, left, right []byte) {
		a, errA := dump.Read(bytes.NewReader(left), diff.Reads)
		b, errB := dump.Read(bytes.NewReader(right), diff.Reads)
		if errA != nil || errB != nil {
			return
		}
		if self, err := diff.Compare(a, a, diff.Options{}); err == nil && !self.Equal() {
			t.Errorf("a dump differs from itself: %+v", self.Resources)
		}
		there, errThere := diff.Compare(a, b, diff.Options{})
		back, errBack := diff.Compare(b, a, diff.Options{})
		if (errThere == nil) != (errBack == nil) {
			t.Fatalf("it can be compared one way only: %v, %v", errThere, errBack)
		}
		if errThere != nil {
			return
		}
		if d := gocmp.Diff(sorted(there), sorted(diff.Mirror(back))); d != "" {
			t.Errorf("not mirror images: %s", d)
		}
		if ops, err := diff.Patch(a, b, diff.Options{}); err == nil {
			if _, err := json.Marshal(ops); err != nil {
				t.Errorf("the patch is no JSON: %v", err)
			}
		}
		for _, o := range []diff.Options{{Raw: true}, {Dynamic: true}} {
			_, _ = diff.Compare(a, b, o)
		}
	})
}
