package conformance

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze/validation"
)

// validationDeviations names the cases in which meshctl differs on purpose,
// with the reason.
var validationDeviations = map[string]string{
	"expected.live/own-peer-and-request-authn-errors": "an empty portLevelMtls is the same as none, as for the peer when it reads files",
}

// TestValidation compares the semantic rules with the peer's findings of the
// same codes, as multisets of code and resource. The peer shows findings with
// equal texts on one resource once, so ours are counted by message here.
func TestValidation(t *testing.T) {
	for _, scope := range []struct{ expected, unstable, namespace string }{
		{"expected.json", "unstable.json", ""},
		{"expected.live.json", "unstable.live.json", "default"},
	} {
		total, right := 0, 0
		for _, dir := range cases(t, filepath.Join(corpus(t), "analyze")) {
			if _, err := os.Stat(filepath.Join(dir, scope.expected)); err != nil {
				continue
			}
			total++
			name := strings.TrimSuffix(scope.expected, ".json") + "/" + filepath.Base(dir)
			t.Run(name, func(t *testing.T) {
				want := validationFindings(t, filepath.Join(dir, scope.expected))
				got := validate(t, dir, scope.namespace)
				var maybe []string
				if unstable := filepath.Join(dir, scope.unstable); fileExists(unstable) {
					maybe = validationFindings(t, unstable)
				}
				diff := cmp.Diff(want, without(got, want, maybe))
				reason, deviates := validationDeviations[name]
				switch {
				case diff == "":
					right++
					if deviates {
						t.Errorf("the deviation %q does not exist; take it from the list", reason)
					}
				case !deviates:
					t.Errorf("findings (-peer +meshctl):\n%s", diff)
				}
			})
		}
		t.Logf("%s: %d of %d cases equal", scope.expected, right, total)
	}
}

// without drops from got what is in maybe and not needed for want.
func without(got, want, maybe []string) []string {
	left := slices.Clone(got)
	for _, finding := range maybe {
		if count(left, finding) > count(want, finding) {
			i := slices.Index(left, finding)
			left = slices.Delete(left, i, i+1)
		}
	}
	return left
}

func count(list []string, item string) (n int) {
	for _, have := range list {
		if have == item {
			n++
		}
	}
	return n
}

func fileExists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// validationFindings reads what the peer found of the codes in question.
func validationFindings(t *testing.T, name string) []string {
	var all []struct{ Code, Resource string }
	readJSON(t, name, &all)
	var found []string
	for _, f := range all {
		switch f.Code {
		case validation.Invalid, validation.Unreachable, validation.IneffectiveMatch, validation.Doubtful:
			found = append(found, f.Code+" "+f.Resource)
		}
	}
	slices.Sort(found)
	return found
}

// validate runs the rules over a case's input. Objects without a namespace
// are put into the given one, if any, as an API server does.
func validate(t *testing.T, dir, namespace string) []string {
	objects, _, err := resource.Load([]string{filepath.Join(dir, "input")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.Namespace == "" && !istio.ClusterScoped(o.GroupKind) {
			o.Namespace = namespace
		}
	}
	var found []string
	for _, o := range resource.NewSet(objects...).All() {
		if istio.SystemNamespace(o.Namespace) {
			continue
		}
		seen := map[string]bool{}
		for _, issue := range validation.Validate(o) {
			if text := issue.Code + issue.Message; !seen[text] {
				seen[text] = true
				found = append(found, fmt.Sprintf("%s %s", issue.Code, o.Key))
			}
		}
	}
	slices.Sort(found)
	return found
}
