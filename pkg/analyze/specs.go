package analyze

import (
	"cmp"
	"encoding/json"
	"runtime"
	"sync"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// typed is an object with its spec decoded.
type typed[T any] struct {
	*resource.Object
	Spec *T
}

// specs lists the objects of a mesh kind with their specs. Objects whose spec
// cannot be decoded are left out; they are the schema analyzer's business.
func specs[T any, M interface {
	*T
	proto.Message
}](m *Mesh, kind schema.GroupKind) []typed[T] {
	return decodedOnce(m, kind, func(text []byte) (*T, error) {
		spec := M(new(T))
		err := istio.DecodeSpec(text, spec)
		if rule, ok := any(spec).(*networking.DestinationRule); ok {
			for _, subset := range rule.GetSubsets() {
				subset.Labels = m.shared(subset.GetLabels())
			}
		}
		return (*T)(spec), err
	})
}

// shared is a map equal to the given one, the same for all that are equal:
// thousands of subsets are called v1 and v2, and a map takes a third of a KiB.
func (m *Mesh) shared(labels map[string]string) map[string]string {
	if len(labels) == 0 {
		return labels
	}
	text, err := json.Marshal(labels)
	if err != nil {
		return labels
	}
	same, _ := m.labelSets.LoadOrStore(string(text), labels)
	return same.(map[string]string)
}

// views lists the objects of a kind of Kubernetes with the parts of their spec that T names.
func views[T any](m *Mesh, kind schema.GroupKind) []typed[T] {
	return decodedOnce(m, kind, func(text []byte) (*T, error) {
		spec := new(T)
		if len(text) == 0 {
			return spec, nil
		}
		return spec, json.Unmarshal(text, spec)
	})
}

func decodedOnce[T any](m *Mesh, kind schema.GroupKind, decode func(spec []byte) (*T, error)) []typed[T] {
	once, _ := m.decoded.LoadOrStore(kind, sync.OnceValue(func() any {
		objects := m.Of(kind)
		all := make([]typed[T], len(objects))
		resource.Parallel(len(objects), func(i int) {
			spec, err := decode(objects[i].Raw("spec"))
			if err != nil {
				m.failures.Store(objects[i], err)
				return
			}
			all[i] = typed[T]{objects[i], spec}
		})
		readable := all[:0]
		for _, o := range all {
			if o.Object != nil {
				readable = append(readable, o)
			}
		}
		return readable
	}))
	return once.(func() any)().([]typed[T])
}

func compareKinds(a, b schema.GroupKind) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Group, b.Group))
}

// eachOnItsOwn calls f for 0..n-1, as many at a time as there are cores.
func eachOnItsOwn(n int, f func(i int)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range n {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f(i)
		})
	}
	wg.Wait()
}
