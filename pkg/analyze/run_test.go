package analyze

import (
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/resource"
)

func TestAnAnalyzersPanicIsOneFindingAndTheOthersGoOn(t *testing.T) {
	for what, fail := range map[string]func(*Mesh) []Finding{
		"at once":            func(*Mesh) []Finding { panic("oh no") },
		"on another core":    func(*Mesh) []Finding { resource.Parallel(1000, func(i int) { panicAt(i, 700) }); return nil },
		"at one of few":      func(*Mesh) []Finding { resource.Parallel(10, func(i int) { panicAt(i, 7) }); return nil },
		"in a lookup of all": func(m *Mesh) []Finding { m.hosts = func() *hostTable { panic("oh no") }; m.hosts(); return nil },
	} {
		objects, _ := resource.Parse("mesh.yaml", []byte("{apiVersion: networking.istio.io/v1beta1, kind: Sidecar, metadata: {name: a, namespace: b}}"))
		findings := Run(NewMesh(resource.NewSet(objects...), Settings{}), []Analyzer{{Name: "broken", Run: fail}, deprecatedValues()})
		if len(findings) != 2 || findings[0].Code != "IST0001" || !strings.Contains(findings[0].Message, "analyzer broken failed: oh no") || findings[1].Code != "MSH0117" {
			t.Errorf("%s: %+v", what, Records(findings))
		}
	}
}

func panicAt(i, bad int) {
	if i == bad {
		panic("oh no")
	}
}
