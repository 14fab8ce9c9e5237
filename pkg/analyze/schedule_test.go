package analyze

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

func TestScheduleKeepsFewKindsDecodedAtATime(t *testing.T) {
	objects, _ := resource.Parse("mesh.yaml", meshOf(400))
	m := NewMesh(resource.NewSet(objects...), Settings{Scope: Whole})
	analyzers := All()
	s := newSchedule(analyzers, func(kind schema.GroupKind) int { return len(m.Of(kind)) })

	ran := slices.Clone(s.order)
	slices.Sort(ran)
	for i, at := range ran {
		if i != at || len(ran) != len(analyzers) {
			t.Fatalf("the analyzers that run are %v of %d", ran, len(analyzers))
		}
	}
	decoded := map[schema.GroupKind]bool{}
	most := 0
	for _, i := range s.order {
		a := analyzers[i]
		if a.Undecoded {
			continue
		}
		for _, kind := range a.Needs {
			decoded[kind] = true
		}
		count := 0
		for kind := range decoded {
			count += len(m.Of(kind))
		}
		most = max(most, count)
		for _, kind := range s.done(a) {
			delete(decoded, kind)
		}
	}
	if len(decoded) > 0 {
		t.Errorf("never let go of: %v", decoded)
	}
	// Services, their routes and rules belong together; policies do not.
	if limit := 3 * len(m.Of(istio.Service)); most > limit {
		t.Errorf("%d of %d objects are decoded at a time, want at most %d", most, m.Len(), limit)
	}
}

func TestRunLetsGoOfDecodedSpecs(t *testing.T) {
	objects, _ := resource.Parse("mesh.yaml", meshOf(40))
	m := NewMesh(resource.NewSet(objects...), Settings{Scope: Whole})
	Run(m, All())
	for _, a := range All() {
		for _, kind := range a.Needs {
			if _, decoded := m.decoded.Load(kind); decoded {
				t.Errorf("%v is still decoded", kind)
			}
		}
	}
}

func TestEqualLabelsAreOneMap(t *testing.T) {
	m := NewMesh(resource.NewSet(), Settings{})
	a, b := m.shared(map[string]string{"version": "v1"}), m.shared(map[string]string{"version": "v1"})
	a["mark"] = "x"
	if b["mark"] != "x" {
		t.Error("equal labels are held twice")
	}
	one, two := m.shared(map[string]string{"a": "b,c=d"}), m.shared(map[string]string{"a": "b", "c": "d"})
	if len(one) != 1 || len(two) != 2 {
		t.Errorf("different labels are taken for equal: %v, %v", one, two)
	}
}
