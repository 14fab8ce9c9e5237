package main

import (
	"bytes"
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/meshctl/meshctl/internal/resource"
)

var update = flag.Bool("update", false, "write generated and golden files anew")

// TestGenerated compares the committed documentation and completion scripts
// with those that the command tree gives now. `make generate` rewrites them.
func TestGenerated(t *testing.T) {
	root := filepath.Join("..", "..")
	for _, folder := range []struct {
		path string
		make func(t *testing.T, dir string, tree *cobra.Command)
	}{
		{"docs/reference", generateMarkdown},
		{"docs/man", generateMan},
		{"completions/shell", generateCompletions},
	} {
		t.Run(folder.path, func(t *testing.T) {
			dir := t.TempDir()
			folder.make(t, dir, newRootCmd(testEnv(t, ""), "meshctl"))
			want, committed := readFolder(t, dir), readFolder(t, filepath.Join(root, folder.path))
			if *update {
				writeFolder(t, filepath.Join(root, folder.path), want, committed)
				return
			}
			for name, text := range want {
				if committed[name] != text {
					t.Errorf("%s/%s is not what the command tree gives now; run `make generate`", folder.path, name)
				}
				delete(committed, name)
			}
			for name := range committed {
				t.Errorf("%s/%s belongs to no command; run `make generate`", folder.path, name)
			}
		})
	}
}

func generateMarkdown(t *testing.T, dir string, tree *cobra.Command) {
	if err := doc.GenMarkdownTree(tree, dir); err != nil {
		t.Fatal(err)
	}
}

func generateMan(t *testing.T, dir string, tree *cobra.Command) {
	date := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	header := &doc.GenManHeader{Title: "MESHCTL", Section: "1", Date: &date, Source: "meshctl", Manual: "meshctl"}
	if err := doc.GenManTree(tree, header, dir); err != nil {
		t.Fatal(err)
	}
}

func generateCompletions(t *testing.T, dir string, tree *cobra.Command) {
	for name, generate := range map[string]func(*bytes.Buffer) error{
		"meshctl.bash": func(b *bytes.Buffer) error { return tree.GenBashCompletionV2(b, true) },
		"_meshctl":     func(b *bytes.Buffer) error { return tree.GenZshCompletion(b) },
		"meshctl.fish": func(b *bytes.Buffer) error { return tree.GenFishCompletion(b, true) },
		"meshctl.ps1":  func(b *bytes.Buffer) error { return tree.GenPowerShellCompletionWithDesc(b) },
	} {
		var script bytes.Buffer
		if err := generate(&script); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), script.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// readFolder is the text of each file in a folder; a folder that is absent is empty.
func readFolder(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := fs.ReadFile(os.DirFS(dir), entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		files[entry.Name()] = string(text)
	}
	return files
}

func writeFolder(t *testing.T, dir string, want, committed map[string]string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if err := resource.WriteFile(filepath.Join(dir, name), []byte(want[name])); err != nil {
			t.Fatal(err)
		}
		delete(committed, name)
	}
	for name := range committed {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEveryCommandIsDocumented keeps help texts from being forgotten.
func TestEveryCommandIsDocumented(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Short == "" {
			t.Errorf("%s has no short description", cmd.CommandPath())
		}
		if strings.HasSuffix(cmd.Short, ".") {
			t.Errorf("%s: the short description ends with a full stop", cmd.CommandPath())
		}
		if cmd.HasParent() && !cmd.Parent().HasParent() && cmd.GroupID == "" && cmd.Runnable() && !cmd.Hidden {
			t.Errorf("%s belongs to no group of commands", cmd.CommandPath())
		}
		for _, child := range cmd.Commands() {
			walk(child)
		}
	}
	walk(newRootCmd(testEnv(t, ""), "meshctl"))
}
