package tools

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Another version of a dependency and other flags need another build; nothing
// else does.
func TestTheStampTellsBuildsApart(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module x\n")
	write("go.sum", "a v1\n")
	stamp := func(x tool) string {
		s, err := x.stamp(dir)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := stamp(tool{name: "x"})
	if again := stamp(tool{name: "x"}); again != first {
		t.Errorf("the same tool has the stamps %s and %s", first, again)
	}
	if flags := stamp(tool{name: "x", ldflags: "-X a=b"}); flags == first {
		t.Error("other flags have the same stamp")
	}
	write("go.sum", "a v2\n")
	if sums := stamp(tool{name: "x"}); sums == first {
		t.Error("another go.sum has the same stamp")
	}
}

// Several binaries of a module are built at once, and get the names by which the
// lab knows them.
func TestBinariesGetTheirNames(t *testing.T) {
	module := t.TempDir()
	for file, content := range map[string]string{
		"go.mod":              "module example.org/tool/v3\n\ngo 1.26\n",
		"main.go":             "package main\n\nfunc main() {}\n",
		"cmd/second/main.go":  "package main\n\nfunc main() {}\n",
		"cmd/version/main.go": "package main\n\nfunc main() {}\n",
	} {
		path := filepath.Join(module, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	x := tool{name: "x", binaries: map[string]string{
		"first": "example.org/tool/v3", "second": "example.org/tool/v3/cmd/second", "version": "example.org/tool/v3/cmd/version",
	}}
	dir := t.TempDir()
	if err := x.build(t.Context(), module, dir); err != nil {
		t.Fatal(err)
	}
	for name := range x.binaries {
		if out, err := exec.CommandContext(t.Context(), filepath.Join(dir, "bin", name)).CombinedOutput(); err != nil {
			t.Errorf("running %s: %v\n%s", name, err, out)
		}
	}
	if built, err := filepath.Glob(filepath.Join(dir, "bin", "*")); err != nil || len(built) != len(x.binaries) {
		t.Errorf("built %q, %v", built, err)
	}
}

// Every tool has its module, and every module is a tool.
func TestEachToolHasAModule(t *testing.T) {
	modules, err := filepath.Glob("*/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, x := range all() {
		named[x.name] = true
		if len(x.binaries) == 0 {
			t.Errorf("tool %s has no binary", x.name)
		}
	}
	for _, module := range modules {
		if !named[filepath.Dir(module)] {
			t.Errorf("module %s is no tool", module)
		}
	}
	if len(modules) != len(named) {
		t.Errorf("%d modules and %d tools", len(modules), len(named))
	}
}

// A service has a home, though no variable may say so: builds are kept in the
// same place all the same.
func TestTheHomeIsFoundWithoutItsVariable(t *testing.T) {
	const root = "/clone"
	t.Setenv("XDG_CACHE_HOME", "")
	with := cacheDir(root)
	t.Setenv("HOME", "")
	if without := cacheDir(root); without != with && without != filepath.Join(root, ".lab", "cache") {
		t.Errorf("with HOME in %s, without in %s", with, without)
	}
	if home() == "" {
		t.Skip("this user has no home")
	}
	x := tool{name: "x"}
	if out, err := x.goCommand(t.Context(), t.TempDir(), "env", "GOMODCACHE"); err != nil || len(out) < 2 {
		t.Errorf("the go command finds no module cache: %q, %v", out, err)
	}
}
