package tools

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"
)

// heavy are modules of which most tools, and meshctl itself, compile a lot. In
// the same versions everywhere they are compiled once, which makes the first
// build half as long.
var heavy = []string{
	"k8s.io/api", "k8s.io/apimachinery", "k8s.io/client-go", "k8s.io/apiserver", "k8s.io/component-base", "k8s.io/kube-openapi", "k8s.io/utils",
	"sigs.k8s.io/structured-merge-diff/v6", "google.golang.org/grpc", "google.golang.org/protobuf", "go.opentelemetry.io/otel",
	"github.com/google/gnostic-models", "github.com/google/cel-go", "github.com/prometheus/client_golang", "golang.org/x/net", "golang.org/x/sys", "golang.org/x/text",
}

func TestToolsShareTheVersionsOfWhatIsHeavy(t *testing.T) {
	root, err := repositoryRoot()
	if err != nil {
		t.Fatal(err)
	}
	files := []string{filepath.Join(root, "go.mod")}
	for _, tool := range all() {
		files = append(files, filepath.Join(root, "test", "lab", "tools", tool.name, "go.mod"))
	}
	versions := map[string]string{} // by module: the first version, and its file
	for _, file := range files {
		out, err := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json", file).Output()
		if err != nil {
			t.Fatal(err)
		}
		type version struct{ Path, Version string }
		var module struct {
			Require []version
			Replace []struct{ Old, New version }
		}
		if err := json.Unmarshal(out, &module); err != nil {
			t.Fatal(err)
		}
		asked := map[string]string{}
		for _, require := range module.Require {
			asked[require.Path] = require.Version
		}
		for _, replace := range module.Replace {
			asked[replace.Old.Path] = replace.New.Version
		}
		for _, path := range heavy {
			version := asked[path]
			if version == "" {
				continue
			}
			if first, known := versions[path]; known && first != version {
				t.Errorf("%s asks for %s %s, the others for %s; align them with `go get`", file, path, version, first)
			}
			versions[path] = version
		}
	}
}
