package analyze

import (
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze/core"
)

func coreStructure() Analyzer {
	return Analyzer{
		Name:      "schema.KubernetesAnalyzer",
		Doc:       "Services, workloads and the like have values of the right types",
		Codes:     []string{"MSH0002", "MSH0003"},
		Undecoded: true,
		Run:       func(m *Mesh) []Finding { return checkCore(m, false) },
	}
}

// coreCompleteness is for files under review only: in a directory with
// patches for kustomize an analysis would report what these leave out.
func coreCompleteness() Analyzer {
	return Analyzer{
		Name:      "kubernetes.CompletenessAnalyzer",
		Doc:       "Services, workloads and the like have what they cannot do without",
		Codes:     []string{"MSH0003"},
		Undecoded: true,
		Run:       func(m *Mesh) []Finding { return checkCore(m, true) },
	}
}

// checkCore looks at objects from files only: what an API server has stored it
// has checked. It needs no kinds, since it has nothing to say of missing ones.
func checkCore(m *Mesh, incomplete bool) []Finding {
	checker := core.NewChecker()
	var findings []Finding
	for _, kind := range core.Kinds() {
		objects := m.Of(kind)
		found := make([][]Finding, len(objects))
		resource.Parallel(len(objects), func(i int) {
			if objects[i].Origin.File != "" {
				found[i] = coreFindings(checker, objects[i], incomplete)
			}
		})
		for _, f := range found {
			findings = append(findings, f...)
		}
	}
	return findings
}

func coreFindings(checker *core.Checker, o *resource.Object, incomplete bool) []Finding {
	var findings []Finding
	for _, p := range checker.Check(o) {
		if p.Incomplete != incomplete {
			continue
		}
		if p.Unknown == "" {
			findings = append(findings, found("MSH0003", o, p.Field, "%s: %s", p.Field, p.Message))
			continue
		}
		f := found("MSH0002", o, p.Field, "%s%s", p.Message, didYouMean(p.Unknown, p.Known))
		f.Level = Warning // a later release may have it after all
		f.Fix = spellingFix(o, p.Field, p.Known)
		findings = append(findings, f)
	}
	return findings
}
