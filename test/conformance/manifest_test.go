package conformance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/pkg/install"
)

// manifestDeviations lists the cases in which meshctl means to differ from the
// peer, each with the reason.
var manifestDeviations = map[string]string{
	"bad-bad-resource-quantity": "the peer renders the quantity \"lots\", which no API server takes; here it is an error",
	"operator-bare_values":      "the peer takes an empty `values:` for an order to forget the release and the profile's values; here it changes nothing",
}

// TestManifest renders every case of the corpus and compares it with what the
// peer printed: the same objects in the same order, or an error where it had one.
func TestManifest(t *testing.T) {
	root := filepath.Join(corpus(t), "manifest")
	crds := readYAMLDocuments(t, filepath.Join(root, "_shared", "crds.yaml.gz"))
	passed, total := 0, 0
	for _, dir := range cases(t, root) {
		name := filepath.Base(dir)
		total++
		difference := compareManifest(t, dir, crds)
		reason, expected := manifestDeviations[name]
		switch {
		case difference == "" && expected:
			t.Errorf("%s: passes, but is listed as a deviation (%s)", name, reason)
		case difference != "" && !expected:
			t.Errorf("%s: %s", name, difference)
		case difference == "":
			passed++
		}
	}
	t.Logf("manifest: %d of %d cases equal, %d deviations with a reason", passed, total, len(manifestDeviations))
}

// compareManifest gives the difference in words, "" for none.
func compareManifest(t *testing.T, dir string, crds map[string]any) string {
	meta := struct {
		ExitCode int `json:"exit_code"`
	}{}
	readJSON(t, filepath.Join(dir, "meta.json"), &meta)
	rendering, err := renderCase(dir)
	if meta.ExitCode != 0 {
		if err == nil {
			return fmt.Sprintf("no error; the peer exits with %d", meta.ExitCode)
		}
		return ""
	}
	if err != nil {
		return "error: " + err.Error()
	}
	var order []string
	got := map[string]any{}
	for _, o := range rendering.Objects {
		order = append(order, o.ID())
		got[o.ID()] = objectContent(t, o)
	}
	var wantOrder []string
	for line := range strings.Lines(readText(t, filepath.Join(dir, "expected.order"))) {
		if line = strings.TrimSpace(line); line != "" {
			wantOrder = append(wantOrder, line)
		}
	}
	if diff := cmp.Diff(wantOrder, order); diff != "" {
		return "objects or their order differ (-peer +meshctl):\n" + diff
	}
	want := readYAMLDocuments(t, filepath.Join(dir, "expected.yaml.gz"))
	for id := range got {
		if _, ok := want[id]; !ok {
			want[id] = crds[id] // CRDs equal to the shared ones are not repeated
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return "objects differ (-peer +meshctl):\n" + diff
	}
	return ""
}

func objectContent(t *testing.T, o *install.Object) any {
	t.Helper()
	data, err := o.YAML()
	if err != nil {
		t.Fatal(err)
	}
	var content any
	if err := yaml.Unmarshal(data, &content); err != nil {
		t.Fatalf("%s: %v", o.ID(), err)
	}
	return content
}

// peerInput is an empty input of the peer, which was built without a release:
// its hub and tag are those of the charts. It was always told where they are.
func peerInput() install.Input {
	charts, err := install.ChartSource{}.Open(context.Background(), install.Embedded)
	if err != nil {
		panic(err) // the embedded charts are always there
	}
	return install.Input{Charts: charts, Release: install.Release{Hub: "registry.istio.io/testing", Tag: "latest"}}
}

// renderCase reads the arguments of a case as the command would.
func renderCase(dir string) (*install.Rendering, error) {
	args, err := os.ReadFile(filepath.Join(dir, "args"))
	if err != nil {
		return nil, err
	}
	in := peerInput()
	words := strings.Split(strings.TrimSuffix(string(args), "\n"), "\n")
	for len(words) > 0 && words[0] != "" {
		flag := words[0]
		if flag == "--force" {
			in.Force = true
			words = words[1:]
			continue
		}
		value := words[1]
		words = words[2:]
		switch flag {
		case "--set", "-s":
			in.Settings = append(in.Settings, install.Setting{Text: value})
		case "-r", "--revision":
			in.Revision = value
		case "-f":
			for _, name := range strings.Split(value, ",") {
				data, err := os.ReadFile(filepath.Join(dir, name))
				if err != nil {
					return nil, err
				}
				in.Files = append(in.Files, install.File{Name: name, Data: data})
			}
		case "--manifests":
			if _, err := os.Stat(value); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("the runner does not know the flag %s", flag)
		}
	}
	config, err := install.Resolve(in)
	if err != nil {
		return nil, err
	}
	return install.Render(context.Background(), config, install.RenderOptions{})
}
