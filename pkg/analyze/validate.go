package analyze

import (
	"slices"
	"strings"

	"github.com/meshctl/meshctl/internal/resource"
)

// Validators are the analyzers that judge each object by itself: schema,
// semantic rules, names of ports, what workloads lack, labels of pods.
func Validators() []Analyzer {
	alone := slices.DeleteFunc(All(), func(a Analyzer) bool {
		return !strings.HasPrefix(a.Name, "schema.") && a.Name != servicePortName().Name && a.Name != removedKinds().Name
	})
	return append(alone, coreCompleteness(), deploymentLabels())
}

// Validate checks objects one by one. Unlike an analysis it looks at each of
// several documents for one object, and takes the name of a Service's port
// that hides the protocol for an error: a hint on a running mesh, but in a file
// under review the time to correct it.
func Validate(objects []*resource.Object, settings Settings) []Finding {
	var findings []Finding
	for len(objects) > 0 {
		var unique, repeated []*resource.Object
		seen := map[resource.Key]bool{}
		for _, o := range objects {
			if seen[o.Key] && o.Name != "" {
				repeated = append(repeated, o)
				continue
			}
			seen[o.Key] = true
			unique = append(unique, o)
		}
		findings = append(findings, Run(NewMesh(resource.NewSet(unique...), settings), Validators())...)
		objects = repeated
	}
	kept := findings[:0]
	for _, f := range findings {
		if f.Code == "IST0118" {
			f.Level = Error
			if f.Object.Namespace == settings.IstioNamespace {
				continue // the control plane's own
			}
		}
		kept = append(kept, f)
	}
	return Sort(kept)
}
