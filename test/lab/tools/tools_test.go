package tools

import (
	"os"
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
