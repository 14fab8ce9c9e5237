package conformance

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze"
)

// validateDeviations names the cases in which `validate` differs on purpose.
var validateDeviations = map[string]string{
	"validate-own-extension-errors-tx":              refusedBySchema,
	"validate-own-gateway-errors":                   refusedBySchema,
	"validate-own-peer-and-request-authn-errors-ra": refusedBySchema,
	"validate-kubernetes-kinds":                     "Services of Kubernetes' own namespaces are left alone, as by the mesh",
	"validate-own-parse-list-kind":                  "the items of a List are checked; the peer passes them over",
	"validate-own-parse-no-kind":                    "a document without kind cannot be applied; the peer calls it valid",
	"validate-own-parse-unknown-kind":               "a version that is not served cannot be applied; the peer calls it valid",
}

const refusedBySchema = "the API server refuses an object that the peer lets pass, because the peer does not know the CRDs' schemas"

// TestValidate compares which objects have errors, and which have warnings,
// with the peer's `validate`.
func TestValidate(t *testing.T) {
	total, right := 0, 0
	for _, dir := range cases(t, filepath.Join(corpus(t), "misc")) {
		name := filepath.Base(dir)
		paths, ok := validateArgs(t, dir)
		if !strings.HasPrefix(name, "validate-") || !ok {
			continue
		}
		total++
		t.Run(name, func(t *testing.T) {
			want := peerVerdicts(readText(t, filepath.Join(dir, "expected.stderr")))
			got := validateVerdicts(t, paths)
			// The peer says nothing more of an object with wrong fields.
			hasErrors := func(object string) bool { return slices.Contains(got.Errors, object) }
			got.Warnings = slices.DeleteFunc(got.Warnings, hasErrors)
			want.Warnings = slices.DeleteFunc(want.Warnings, hasErrors)
			diff := cmp.Diff(want, got, cmpopts.EquateEmpty())
			reason, deviates := validateDeviations[name]
			switch {
			case diff == "":
				right++
				if deviates {
					t.Errorf("the deviation %q does not exist; take it from the list", reason)
				}
			case !deviates:
				t.Errorf("objects (-peer +meshctl):\n%s", diff)
			}
		})
	}
	t.Logf("validate: %d of %d cases equal", right, total)
}

// validateArgs gives the files of a case; cases about the command line itself
// have none.
func validateArgs(t *testing.T, dir string) (paths []string, ok bool) {
	args := strings.Fields(readText(t, filepath.Join(dir, "args")))
	for i, arg := range args {
		if arg != "-f" {
			continue
		}
		for path := range strings.SplitSeq(args[i+1], ",") {
			if path == resource.StdinName {
				path = "stdin"
			}
			path = filepath.Join(dir, path)
			if _, err := os.Stat(path); err != nil {
				return nil, false
			}
			paths = append(paths, path)
		}
	}
	return paths, len(paths) > 0
}

// verdicts says which objects, as "Kind/namespace/name", have errors and warnings.
type verdicts struct{ Errors, Warnings []string }

func (v *verdicts) add(level analyze.Level, object string) {
	list := &v.Warnings
	if level == analyze.Error {
		list = &v.Errors
	}
	if !slices.Contains(*list, object) {
		*list = append(*list, object)
		slices.Sort(*list)
	}
}

var (
	peerObject     = regexp.MustCompile(`^\t\* (\w+/[^/]*/[^:]*):`)
	peerDeployment = regexp.MustCompile(`^deployment "([^/]*)/([^:]*):"`)
)

func peerVerdicts(stderr string) verdicts {
	var v verdicts
	level := analyze.Warning
	for line := range strings.Lines(stderr) {
		if strings.HasPrefix(line, "Error:") {
			level = analyze.Error
		}
		if m := peerObject.FindStringSubmatch(line); m != nil {
			v.add(level, m[1])
		}
		if m := peerDeployment.FindStringSubmatch(line); m != nil {
			v.add(analyze.Warning, "Deployment/"+m[2]+"/"+m[1])
		}
	}
	return v
}

// validateVerdicts runs the check on files.
func validateVerdicts(t *testing.T, paths []string) verdicts {
	var v verdicts
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		objects, problems := resource.Parse(filepath.Base(path), data)
		for _, p := range problems {
			v.add(analyze.Error, p.Error())
		}
		for _, f := range analyze.Validate(objects, analyze.Settings{}) {
			o := f.Object
			v.add(f.Level, o.Kind+"/"+o.Namespace+"/"+o.Name)
		}
	}
	return v
}
