package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze"
	"github.com/meshctl/meshctl/pkg/analyze/crd"
)

// TestValidateAgreesWithThePeer compares which objects are rejected, and
// which draw warnings.
func TestValidateAgreesWithThePeer(t *testing.T) {
	schemas := crd.Embedded()
	passed, total := 0, 0
	for _, dir := range cases(t, filepath.Join(corpus(t), "misc")) {
		name := filepath.Base(dir)
		if !strings.HasPrefix(name, "validate-") {
			continue
		}
		paths := []string{}
		args := caseArgs(t, dir)
		for i, arg := range args {
			if i > 0 && args[i-1] == "-f" {
				paths = append(paths, strings.Split(arg, ",")...)
			}
		}
		if len(paths) == 0 {
			continue // a mistake on the command line
		}
		var meta struct {
			ExitCode int `json:"exit_code"`
		}
		readJSON(t, filepath.Join(dir, "meta.json"), &meta)
		total++
		rejected := validateCase(t, dir, paths, schemas)
		switch agrees, reason := rejected == (meta.ExitCode != 0), validateDeviation(name); {
		case agrees:
			passed++
			if reason != "" {
				t.Errorf("%s: agrees with the peer, so that it is no deviation any more", name)
			}
		case reason != "":
			passed++
		default:
			t.Errorf("%s: rejected: %v; the peer's exit code is %d", name, rejected, meta.ExitCode)
		}
	}
	t.Logf("%d of %d cases agree or are known deviations", passed, total)
}

func validateCase(t *testing.T, dir string, paths []string, schemas *crd.Schemas) (rejected bool) {
	t.Helper()
	var stdin *os.File
	for i, path := range paths {
		if path == "-" {
			f, err := os.Open(filepath.Join(dir, "stdin"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			stdin = f
			continue
		}
		paths[i] = filepath.Join(dir, path)
	}
	objects, problems, err := resource.Load(paths, stdin)
	if err != nil {
		return true
	}
	analyze.PlaceInNamespace(objects, "default")
	mesh := analyze.NewMesh(resource.NewSet(objects...), analyze.Settings{Schemas: schemas})
	findings := append(analyze.Run(mesh, analyze.Validators()), analyze.Unreadable(problems)...)
	level, any := analyze.Worst(findings)
	return any && level >= analyze.Error
}

// validateDeviation says why a case differs from the peer on purpose; "" if it
// does not. docs/analysis/README.md explains each.
func validateDeviation(name string) string {
	switch name {
	case "validate-kubernetes-kinds":
		return "names of ports are information, as for analyze: the two commands never disagree"
	case "validate-own-parse-list-kind":
		return "objects in a List are checked too"
	case "validate-own-parse-no-kind":
		return "a document without kind is no valid object"
	case "validate-own-parse-unknown-kind":
		return "an API version that does not exist cannot be applied"
	}
	return ""
}
