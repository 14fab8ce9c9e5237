package analyze

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/meshctl/meshctl/internal/resource"
)

// Run applies analyzers to a mesh and returns what they find, sorted. An
// analyzer that panics becomes one finding; the others go on.
func Run(m *Mesh, analyzers []Analyzer) []Finding {
	results := make([][]Finding, len(analyzers))
	schedule := newSchedule(analyzers, func(kind schema.GroupKind) int { return len(m.Of(kind)) })
	eachOnItsOwn(len(analyzers), func(place int) {
		i := schedule.order[place]
		if !(m.Scope == Partial && analyzers[i].needsWorkloads() || m.cannotJudge(analyzers[i])) {
			results[i] = runOne(m, analyzers[i])
		}
		for _, kind := range schedule.done(analyzers[i]) {
			m.decoded.Delete(kind)
		}
	})
	var all []Finding
	for i, findings := range results {
		for _, f := range findings {
			f.Analyzer = analyzers[i].Name
			all = append(all, f)
		}
	}
	all = withoutEchoes(append(all, m.undecodable(all)...))
	locate(all)
	return Sort(all)
}

// cannotJudge reports whether an analyzer would draw wrong conclusions because
// objects of a kind that it needs could not be read, or would see nothing. The
// structure of objects can be checked without the others, and objects of one
// kind be compared within a namespace.
func (m *Mesh) cannotJudge(a Analyzer) bool {
	if strings.HasPrefix(a.Name, "schema.") {
		return false
	}
	if a.OfParts {
		return !slices.ContainsFunc(a.Needs, func(kind schema.GroupKind) bool { return !slices.Contains(m.Unreadable, kind) })
	}
	return needsAny(a, m.Unreadable) || len(a.Needs) > 1 && needsAny(a, m.Narrowed)
}

func needsAny(a Analyzer, kinds []schema.GroupKind) bool {
	return slices.ContainsFunc(kinds, func(kind schema.GroupKind) bool { return slices.Contains(a.Needs, kind) })
}

// LeftOut names those of the analyzers that Run leaves out because objects
// that they need may not be read.
func LeftOut(m *Mesh, analyzers []Analyzer) []string {
	var names []string
	for _, a := range analyzers {
		if m.cannotJudge(a) {
			names = append(names, a.Name)
		}
	}
	return names
}

func runOne(m *Mesh, a Analyzer) (findings []Finding) {
	defer func() {
		if r := recover(); r != nil {
			findings = append(findings, found("IST0001", nil, nil, "analyzer %s failed: %v (at %s)", a.Name, r, panicSite(debug.Stack())))
		}
	}()
	return a.Run(m)
}

// panicSite is the line of this package in which a panic started.
func panicSite(stack []byte) string {
	_, after, _ := strings.Cut(string(stack), "panic(")
	for line := range strings.Lines(after) {
		if i := strings.Index(line, "/pkg/analyze/"); i >= 0 {
			place, _, _ := strings.Cut(strings.TrimSpace(line[i+1:]), " ")
			return place
		}
	}
	return "unknown place"
}

// locate fills in where the findings' fields stand in the input.
func locate(findings []Finding) {
	resource.Parallel(len(findings), func(i int) {
		f := &findings[i]
		if f.Object == nil || f.Origin.Line != 0 {
			return
		}
		f.Origin = f.Object.Origin
		if len(f.Field) > 0 {
			f.Origin = f.Object.FieldOrigin(f.Field)
		}
	})
}

// Select picks analyzers by name. An unknown name is an error that names the closest known one.
func Select(all []Analyzer, names []string) ([]Analyzer, error) {
	var selected []Analyzer
	for _, name := range names {
		i := slices.IndexFunc(all, func(a Analyzer) bool { return strings.EqualFold(a.Name, name) })
		if i < 0 {
			known := make([]string, len(all))
			for j, a := range all {
				known[j] = a.Name
			}
			return nil, fmt.Errorf("unknown analyzer %q%s; -L lists all", name, didYouMean(name, known))
		}
		selected = append(selected, all[i])
	}
	return selected, nil
}
