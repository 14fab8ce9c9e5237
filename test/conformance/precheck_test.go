package conformance

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/meshctl/meshctl/internal/resource"
	"github.com/meshctl/meshctl/pkg/install"
)

// standIn is a cluster that holds what a case describes.
type standIn struct {
	objects []*resource.Object
	version string
	allowed bool
}

func (s standIn) List(_ context.Context, kinds []schema.GroupKind, selector string) ([]*resource.Object, error) {
	var found []*resource.Object
	for _, o := range s.objects {
		if slices.Contains(kinds, o.GroupKind) && selector == "" {
			found = append(found, o)
		}
	}
	return found, nil
}

func (s standIn) Get(_ context.Context, kind schema.GroupKind, namespace, name string) (*resource.Object, error) {
	for _, o := range s.objects {
		if o.GroupKind == kind && o.Namespace == namespace && o.Name == name {
			return o, nil
		}
	}
	return nil, apierrors.NewNotFound(schema.GroupResource{Group: kind.Group, Resource: kind.Kind}, name)
}

func (s standIn) ServerVersion(context.Context) (string, error) { return s.version, nil }

func (s standIn) Allowed(context.Context, install.Access) (bool, string, error) {
	return s.allowed, "", nil
}

// TestPrecheck compares codes, levels and resources of what precheck finds.
func TestPrecheck(t *testing.T) {
	root := filepath.Join(corpus(t), "misc")
	passed, total := 0, 0
	for _, dir := range cases(t, root) {
		name := filepath.Base(dir)
		if !strings.HasPrefix(name, "live-precheck-") {
			continue
		}
		total++
		if t.Run(name, func(t *testing.T) { comparePrecheck(t, dir) }) {
			passed++
		}
	}
	t.Logf("precheck: %d of %d cases equal", passed, total)
}

type precheckFinding struct{ Code, Level, Resource string }

func comparePrecheck(t *testing.T, dir string) {
	var server struct {
		GitVersion string `json:"gitVersion"`
		Allowed    bool   `json:"selfSubjectAccessReview_allowed"`
		CRDs       string `json:"gateway_api_crds"`
	}
	readJSON(t, filepath.Join(dir, "server.json"), &server)
	var meta struct {
		ExitCode int `json:"exit_code"`
	}
	readJSON(t, filepath.Join(dir, "meta.json"), &meta)
	paths := []string{filepath.Join(dir, "input.yaml")}
	if strings.HasSuffix(server.CRDs, ".yaml") {
		paths = append(paths, filepath.Join(dir, server.CRDs))
	}
	cluster := standIn{version: server.GitVersion, allowed: server.Allowed}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a case without objects
		}
		if err != nil {
			t.Fatal(err)
		}
		objects, _ := resource.Parse(path, data)
		cluster.objects = append(cluster.objects, objects...)
	}
	options := install.CheckOptions{Before: true, Namespace: "istio-system", Now: time.Now()}
	args := strings.Fields(readText(t, filepath.Join(dir, "args")))
	if i := slices.Index(args, "--from-version"); i >= 0 {
		options.FromVersion = args[i+1]
		if _, err := install.ParseMinor(options.FromVersion); err != nil {
			if meta.ExitCode == 0 {
				t.Errorf("error %v; the peer has none", err)
			}
			return
		}
	}
	results, err := install.Check(t.Context(), cluster, cluster, options)
	if err != nil {
		t.Fatal(err)
	}
	got := []precheckFinding{}
	for _, r := range results {
		if level, found := map[install.Status]string{install.Warn: "Warning", install.Fail: "Error"}[r.Status]; found {
			got = append(got, precheckFinding{r.Code, level, r.Resource})
		}
	}
	want := []precheckFinding{}
	if data, err := os.ReadFile(filepath.Join(dir, "expected.json")); err == nil {
		if err := yaml.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
	}
	order := func(a, b precheckFinding) int {
		return strings.Compare(a.Code+a.Resource, b.Code+b.Resource)
	}
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings differ (-peer +meshctl):\n%s", diff)
	}
}

// TestTranslate compares the Helm values of each chart.
func TestTranslate(t *testing.T) {
	root := filepath.Join(corpus(t), "misc")
	passed, total := 0, 0
	for _, dir := range cases(t, root) {
		if !strings.HasPrefix(filepath.Base(dir), "manifest-translate-") {
			continue
		}
		total++
		if t.Run(filepath.Base(dir), func(t *testing.T) { compareTranslation(t, dir) }) {
			passed++
		}
	}
	t.Logf("translate: %d of %d cases equal", passed, total)
}

func compareTranslation(t *testing.T, dir string) {
	var args []string
	for line := range strings.Lines(readText(t, filepath.Join(dir, "args"))) {
		args = append(args, strings.TrimSuffix(line, "\n"))
	}
	in := peerInput()
	for i, arg := range args {
		switch arg {
		case "--set":
			in.Settings = append(in.Settings, install.Setting{Text: args[i+1]})
		case "-f":
			in.Files = append(in.Files, install.File{Name: args[i+1], Data: []byte(readText(t, filepath.Join(dir, args[i+1])))})
		}
	}
	config, err := install.Resolve(in)
	if err != nil {
		t.Fatal(err)
	}
	rendering, err := install.Render(t.Context(), config, install.RenderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	translated, err := install.Translate(rendering)
	if err != nil {
		t.Fatal(err)
	}
	got, want := map[string]any{}, map[string]any{}
	for _, c := range translated {
		if c.File == "" {
			continue
		}
		data, err := install.ToYAML(c.Values)
		if err != nil {
			t.Fatal(err)
		}
		got[c.File] = decodeYAML(t, data)
	}
	files, err := filepath.Glob(filepath.Join(dir, "expected.dir", "*-values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		want[filepath.Base(file)] = decodeYAML(t, []byte(readText(t, file)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values differ (-peer +meshctl):\n%s", diff)
	}
}

func decodeYAML(t *testing.T, data []byte) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	return value
}
