package inject

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
)

// testInjector is an injector with the configuration in testdata, which is
// what the charts of Istio 1.31 render for the default profile, and with the
// given options.
func testInjector(t testing.TB, o Options) *Injector {
	t.Helper()
	read := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join("testdata", "default", name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	var err error
	if o.Config == nil {
		if o.Config, err = ParseConfig(read("inject-config.yaml")); err != nil {
			t.Fatal(err)
		}
	}
	if o.Values == nil {
		if o.Values, err = ParseValues(read("values.json")); err != nil {
			t.Fatal(err)
		}
	}
	if o.Mesh == nil {
		if o.Mesh, err = istio.ParseMeshConfig(read("mesh.yaml")); err != nil {
			t.Fatal(err)
		}
	}
	injector, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return injector
}

// mustWorkload reads the first workload of a stream.
func mustWorkload(t testing.TB, stream []byte) *workload {
	t.Helper()
	objects, problems := resource.Parse("test.yaml", stream)
	if len(problems) > 0 || len(objects) == 0 {
		t.Fatalf("%d objects, problems %v", len(objects), problems)
	}
	o := objects[0]
	w, err := readWorkload(schema.FromAPIVersionAndKind(o.APIVersion(), o.Kind), o.JSON, false)
	if err != nil || w == nil {
		t.Fatalf("workload %v, error %v", w, err)
	}
	return w
}
