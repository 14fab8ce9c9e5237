package conformance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/istio"
	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/analyze"
	"github.com/meshctl/meshctl/pkg/analyze/crd"
)

// verdict is a finding as the corpus compares it: the wording is free.
type verdict struct{ Code, Level, Resource string }

// peerFinding is an item of expected.json.
type peerFinding struct {
	verdict
	Message string
}

func (p *peerFinding) UnmarshalJSON(data []byte) error {
	var item struct{ Code, Level, Resource, Message string }
	if err := json.Unmarshal(data, &item); err != nil {
		return err
	}
	*p = peerFinding{verdict{item.Code, item.Level, item.Resource}, item.Message}
	return nil
}

// tally counts, by code, what agrees with the peer and what does not.
type tally struct{ right, missing, extra int }

func TestAnalyzeAgreesWithThePeerOnFragments(t *testing.T) {
	compareWithPeer(t, analyze.Partial, "expected.json", "unstable.json")
}

func TestAnalyzeAgreesWithThePeerOnWholeMeshes(t *testing.T) {
	compareWithPeer(t, analyze.Live, "expected.live.json", "unstable.live.json")
}

// The files of a whole mesh say what the cluster says that was made from them.
func TestAnalyzeOfFilesAgreesWithThePeerOnWholeMeshes(t *testing.T) {
	compareWithPeer(t, analyze.Whole, "expected.live.json", "unstable.live.json")
}

func compareWithPeer(t *testing.T, scope analyze.Scope, expectedName, unstableName string) {
	byCode := map[string]*tally{}
	schemas := crd.Embedded()
	passed, total := 0, 0
	for _, dir := range cases(t, filepath.Join(corpus(t), "analyze")) {
		name := filepath.Base(dir)
		if _, err := os.Stat(filepath.Join(dir, expectedName)); err != nil {
			continue
		}
		var expected, unstable []peerFinding
		readJSON(t, filepath.Join(dir, expectedName), &expected)
		if _, err := os.Stat(filepath.Join(dir, unstableName)); err == nil {
			readJSON(t, filepath.Join(dir, unstableName), &unstable)
		}
		missing, extra := differences(expected, unstable, analyzeCase(t, dir, analyze.Settings{Scope: scope, Schemas: schemas}), byCode)
		reason := analyzeDeviation(scope, name)
		total++
		switch agrees := len(missing)+len(extra) == 0; {
		case agrees:
			passed++
			if reason != "" {
				t.Errorf("%s: agrees with the peer, so that it is no deviation any more", name)
			}
		case reason != "":
			passed++
		default:
			t.Errorf("%s:\n  missing: %v\n  extra:   %v", name, missing, extra)
		}
	}
	report := &strings.Builder{}
	for _, code := range slices.Sorted(maps.Keys(byCode)) {
		c := byCode[code]
		fmt.Fprintf(report, "%s  precision %5.1f%%  recall %5.1f%%  (%d right, %d missing, %d extra)\n",
			code, percent(c.right, c.extra), percent(c.right, c.missing), c.right, c.missing, c.extra)
	}
	t.Logf("%d of %d cases agree or are known deviations\n%s", passed, total, report)
}

func percent(right, wrong int) float64 {
	if right+wrong == 0 {
		return 100
	}
	return 100 * float64(right) / float64(right+wrong)
}

// differences compares as multisets. Findings that only some of the peer's
// runs give may be there or not.
func differences(expected, unstable []peerFinding, got []verdict, byCode map[string]*tally) (missing, extra []verdict) {
	left := map[verdict]int{}
	for _, v := range got {
		left[v]++
	}
	count := func(code string) *tally {
		if byCode[code] == nil {
			byCode[code] = &tally{}
		}
		return byCode[code]
	}
	for _, e := range expected {
		if left[e.verdict] > 0 {
			left[e.verdict]--
			count(e.Code).right++
			continue
		}
		missing = append(missing, e.verdict)
		count(e.Code).missing++
	}
	for _, u := range unstable {
		left[u.verdict]--
	}
	for v, n := range left {
		for ; n > 0; n-- {
			extra = append(extra, v)
			count(v.Code).extra++
		}
	}
	slices.SortFunc(extra, func(a, b verdict) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Resource, b.Resource))
	})
	return missing, extra
}

// analyzeCase runs a case and returns what it finds under the peer's codes.
func analyzeCase(t *testing.T, dir string, settings analyze.Settings) []verdict {
	t.Helper()
	objects := readCase(t, filepath.Join(dir, "input"))
	if text, err := os.ReadFile(filepath.Join(dir, "mesh.yaml")); err == nil {
		if config, err := istio.ParseMeshConfig(text); err == nil {
			settings.Config = config
		}
	}
	if settings.Scope == analyze.Partial {
		analyze.PlaceInNamespace(objects, "")
	} else {
		analyze.PlaceInNamespace(objects, "default")
		settings.Remote = remoteClusters(t, dir)
		for i, o := range objects {
			// As if a cluster served them: nothing has a place in a file, and
			// what is said of two places of an object is one finding.
			objects[i] = &resource.Object{Key: o.Key, Version: o.Version, Labels: o.Labels, Annotations: o.Annotations, JSON: o.JSON}
		}
	}
	analyzers := analyze.All()
	args := caseArgs(t, dir)
	if i := slices.Index(args, "--analyzer"); i >= 0 {
		if chosen, err := analyze.Select(analyzers, args[i+1:i+2]); err == nil {
			analyzers = chosen
		}
	}
	if i := slices.Index(args, "-i"); i >= 0 {
		settings.IstioNamespace = args[i+1]
	}
	var suppressions []analyze.Suppression
	if i := slices.Index(args, "-S"); i >= 0 {
		switch s, err := analyze.ParseSuppression(args[i+1]); {
		case err == nil:
			suppressions = append(suppressions, s)
		case strings.Count(args[i+1], "=") != 1:
			return nil // wrong usage
		}
	}
	findings := analyze.Suppress(analyze.Run(analyze.NewMesh(resource.NewSet(objects...), settings), analyzers), suppressions)
	if i := slices.Index(args, "--output-threshold"); i >= 0 {
		level, err := analyze.ParseLevel(args[i+1])
		if err != nil {
			t.Fatal(err)
		}
		findings = analyze.AtLeast(findings, level)
	}
	var verdicts []verdict
	for _, f := range findings {
		if strings.HasPrefix(f.Code, "IST") {
			object := ""
			if f.Object != nil {
				object = f.Object.Key.String()
			}
			verdicts = append(verdicts, verdict{f.Code, f.Level.String(), object})
		}
	}
	return verdicts
}

// readCase reads a case's objects. Text that does not parse is part of some
// cases, and no finding of the peer's.
func readCase(t *testing.T, dir string) []*resource.Object {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var objects []*resource.Object
	for _, entry := range entries {
		name := filepath.Join(dir, entry.Name())
		if !entry.IsDir() && !resource.IsManifest(name) {
			continue
		}
		o, _, err := resource.Load([]string{name}, nil)
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o...)
	}
	return objects
}

func remoteClusters(t *testing.T, dir string) map[string]*resource.Set {
	t.Helper()
	remote := map[string]*resource.Set{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name, ok := strings.CutPrefix(entry.Name(), "remote-"); ok {
			objects := readCase(t, filepath.Join(dir, entry.Name()))
			analyze.PlaceInNamespace(objects, "default")
			remote[name] = resource.NewSet(objects...)
		}
	}
	return remote
}

func caseArgs(t *testing.T, dir string) []string {
	t.Helper()
	text := readText(t, filepath.Join(dir, "args"))
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
}

// analyzeDeviation says why a case differs from the peer on purpose; "" if it
// does not. docs/analysis/README.md explains each.
func analyzeDeviation(scope analyze.Scope, name string) string {
	switch name {
	case "own-flag-suppress-dotted":
		return `-S "CODE=Kind name.namespace", the form of the peer's help, works here`
	case "own-flag-recursive":
		return "-R is accepted and does no harm; with the peer nothing is analyzed"
	case "own-parse-anchors":
		return "a mistake that is written once, in a YAML anchor, is one finding"
	}
	if scope == analyze.Partial {
		return ""
	}
	switch name {
	case "authzbuilder-tcp":
		return `namespace "*" means any namespace, so that it is never missing`
	case "own-live-0139-webhooks":
		return "webhooks of all revisions are compared: an overlap across revisions is the usual fault"
	case "own-peer-and-request-authn-errors":
		return "an empty portLevelMtls is the same as none"
	case "unit-unknown-service-registry-in-mesh-networks":
		return "the corpus does not hold the mesh networks of this case"
	}
	if scope != analyze.Whole {
		return ""
	}
	switch name {
	case "combo-bookinfo-complete", "combo-bookinfo-mtls", "samples-tcp-echo", "testdata-config-all":
		return "a Deployment in files stands for its pods; the corpus served it without any"
	case "samples-addons-extras", "unit-serviceMultipleDeployments":
		return "annotations of a template are those of the pods that it will make"
	}
	return ""
}
