package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestManifestGenerate(t *testing.T) {
	out := meshctl(testEnv(t, ""), "manifest", "generate")
	if out.code != exitOK || out.stderr != "" {
		t.Fatalf("exit code %d, stderr %q", out.code, out.stderr)
	}
	documents := strings.Split(strings.TrimSuffix(out.stdout, "---\n"), "\n---\n")
	if len(documents) != 39 || !strings.Contains(documents[0], "kind: CustomResourceDefinition") {
		t.Errorf("%d documents, the first is\n%.200s", len(documents), documents[0])
	}
	if !strings.Contains(out.stdout, "image: docker.io/istio/pilot:1.31.1\n") {
		t.Error("the image of istiod is not the one of this release")
	}
	if again := meshctl(testEnv(t, ""), "manifest", "generate"); again.stdout != out.stdout {
		t.Error("a second run prints something else")
	}
}

func TestManifestGenerateFormats(t *testing.T) {
	names := meshctl(testEnv(t, ""), "manifest", "generate", "--profile", "minimal", "--component", "pilot", "-o", "name")
	if names.code != exitOK || !strings.Contains(names.stdout, "Deployment istio-system/istiod\n") || strings.Contains(names.stdout, "CustomResourceDefinition") {
		t.Errorf("names: code %d\n%s", names.code, names.stdout)
	}
	asJSON := meshctl(testEnv(t, ""), "manifest", "generate", "--profile", "minimal", "-o", "json")
	var list struct{ Items []map[string]any }
	if err := json.Unmarshal([]byte(asJSON.stdout), &list); err != nil || len(list.Items) != 33 {
		t.Errorf("JSON: %d items, %v", len(list.Items), err)
	}

	dir := filepath.Join(t.TempDir(), "new", "folder")
	if out := meshctl(testEnv(t, ""), "manifest", "generate", "-o", dir); out.code != exitOK || out.stdout != "" {
		t.Fatalf("to a folder: %+v", out)
	}
	var files []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		files = append(files, entry.Name())
	}
	if diff := cmp.Diff([]string{"base.yaml", "ingressgateways.yaml", "pilot.yaml"}, files); diff != "" {
		t.Error(diff)
	}
	file := filepath.Join(dir, "all.yaml")
	if out := meshctl(testEnv(t, ""), "manifest", "generate", "-o", file); out.code != exitOK {
		t.Fatalf("to a file: %+v", out)
	}
	written, err := os.ReadFile(file)
	if whole := meshctl(testEnv(t, ""), "manifest", "generate"); err != nil || string(written) != whole.stdout {
		t.Errorf("the file differs from stdout (%v)", err)
	}
}

func TestManifestInputMistakesAreUsageErrors(t *testing.T) {
	typo := writeFile(t, "iop.yaml", "kind: IstioOperator\nspec:\n  profil: minimal\n")
	tests := []struct {
		name  string
		args  []string
		stdin string
		want  string
	}{
		{"a field that does not exist", []string{"-f", typo}, "", `iop.yaml:3: spec.profil: unknown field "profil"; did you mean "profile"?`},
		{"a file that does not exist", []string{"-f", "absent.yaml"}, "", "absent.yaml"},
		{"stdin twice", []string{"-f", "-", "-f", "-"}, "kind: IstioOperator\n", "stdin (-) is given twice"},
		{"an argument", []string{"x"}, "", "takes no arguments"},
		{"charts that do not exist", []string{"-d", "/absent"}, "", "opening charts"},
		{"a component that does not exist", []string{"--set", "components.pilots.enabled=true"}, "", `did you mean "pilot"?`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			out := meshctl(testEnv(t, test.stdin), append([]string{"manifest", "generate"}, test.args...)...)
			if out.code != exitUsage || out.stdout != "" || !strings.Contains(out.stderr, test.want) {
				t.Errorf("code %d, want %d and %q in:\n%s", out.code, exitUsage, test.want, out.stderr)
			}
		})
	}
}

func TestManifestReadsStdin(t *testing.T) {
	out := meshctl(testEnv(t, "kind: IstioOperator\nspec: {profile: empty, components: {pilot: {enabled: true}}}\n"), "manifest", "generate", "-f", "-", "-o", "name")
	if out.code != exitOK || !strings.Contains(out.stdout, "Deployment istio-system/istiod") || strings.Contains(out.stdout, "gateway\n") {
		t.Errorf("%+v", out)
	}
}

func TestManifestDiff(t *testing.T) {
	same := meshctl(testEnv(t, ""), "manifest", "diff", "profile:default", "profile:default")
	if same.code != exitOK || same.stdout != "no differences\n" {
		t.Errorf("equal sides: %+v", same)
	}
	rendered := writeFile(t, "before.yaml", meshctl(testEnv(t, ""), "manifest", "generate", "--profile", "minimal").stdout)
	operator := writeFile(t, "iop.yaml", "kind: IstioOperator\nspec: {profile: minimal, components: {pilot: {k8s: {resources: {requests: {cpu: 1m}}}}}}\n")
	differ := meshctl(testEnv(t, ""), "manifest", "diff", rendered, operator)
	if differ.code != exitFindings {
		t.Errorf("exit code %d: %s", differ.code, differ.stderr)
	}
	for _, want := range []string{
		"~ change Deployment istio-system/istiod\n",
		`    spec.template.spec.containers[name:discovery].resources.requests.cpu: "500m" → "1m"`,
	} {
		if !strings.Contains(differ.stdout, want) {
			t.Errorf("%q is missing in\n%s", want, differ.stdout)
		}
	}
	asJSON := meshctl(testEnv(t, ""), "manifest", "diff", rendered, rendered, "-o", "json")
	if asJSON.stdout != "[]\n" || asJSON.code != exitOK {
		t.Errorf("no differences as JSON: %+v", asJSON)
	}
}

func TestManifestImages(t *testing.T) {
	out := meshctl(testEnv(t, ""), "manifest", "images", "--hub", "mirror.example/istio", "-o", "name")
	if want := "mirror.example/istio/pilot:1.31.1\nmirror.example/istio/proxyv2:1.31.1\n"; out.stdout != want || out.code != exitOK {
		t.Errorf("got %+v, want %q", out, want)
	}
}

func TestManifestTranslate(t *testing.T) {
	dir := t.TempDir()
	out := meshctl(testEnv(t, ""), "manifest", "translate", "--profile", "ambient", "-o", dir,
		"--set", "components.pilot.k8s.priorityClassName=high")
	if out.code != exitOK || !strings.Contains(out.stderr, "Helm values cannot express the change of spec.template.spec.priorityClassName") {
		t.Errorf("%+v", out)
	}
	values, err := os.ReadFile(filepath.Join(dir, "ztunnel-values.yaml"))
	if err != nil || !strings.Contains(string(values), "resourceName: ztunnel") {
		t.Errorf("%v\n%s", err, values)
	}
}

func TestProfiles(t *testing.T) {
	list := meshctl(testEnv(t, ""), "profile", "list", "-o", "name")
	if list.code != exitOK || !strings.Contains(list.stdout, "ambient\ndefault\ndemo\n") {
		t.Errorf("list: %+v", list)
	}
	dump := meshctl(testEnv(t, ""), "profile", "dump", "ambient", "--config-path", "components.ztunnel")
	if dump.stdout != "enabled: true\n" {
		t.Errorf("dump: %+v", dump)
	}
	if absent := meshctl(testEnv(t, ""), "profile", "dump", "ambeint"); absent.code != exitUsage || !strings.Contains(absent.stderr, "ambient") {
		t.Errorf("a profile that does not exist: %+v", absent)
	}
	diff := meshctl(testEnv(t, ""), "profile", "diff", "default", "minimal")
	if diff.code != exitFindings || !strings.Contains(diff.stdout, "spec.components.ingressGateways[name:istio-ingressgateway].enabled") {
		t.Errorf("diff: %+v", diff)
	}
}
