// Package architecture checks the rules of docs/architecture.md that a
// compiler does not check: who may import what, and what must not be written.
package architecture

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/meshctl/meshctl/"

// mayImport says which packages of this project a folder may import; the
// folder itself and what lies below it are always allowed.
var mayImport = map[string][]string{
	"cmd/meshctl":       {"pkg", "internal"},
	"pkg":               {"internal/resource", "internal/istio"},
	"internal/resource": nil,
	"internal/printer":  nil,
	"internal/istio":    {"internal/resource"},
	"internal/kube":     {"internal/resource", "internal/istio"},
	"internal/istiod":   {"internal/resource", "internal/istio"},
	"internal/envoy":    {"internal/resource", "internal/istio"},
	"test":              {"pkg", "internal", "test"},
}

// homes says where a library may be imported.
var homes = map[string][]string{
	"github.com/spf13/viper":                 {"cmd/meshctl/config_load.go"},
	"github.com/spf13/cobra":                 {"cmd/meshctl"},
	"github.com/spf13/pflag":                 {"cmd/meshctl"},
	"github.com/google/cel-go":               {"pkg/analyze", "pkg/proxyconfig/trace"},
	"helm.sh/helm":                           {"pkg/install"},
	"k8s.io/cli-runtime":                     {"internal/kube", "cmd/meshctl"},
	"k8s.io/client-go":                       {"internal/kube", "test"},
	"github.com/envoyproxy/go-control-plane": {"pkg/proxyconfig", "internal/envoy", "internal/istiod", "test/lab"},
	"istio.io/istio/manifests":               {"pkg/install", "pkg/inject", "pkg/analyze"},
	// Only tests: see the package comment of pkg/analyze/crd.
	"k8s.io/apiextensions-apiserver/pkg/apiserver": nil,
}

// nowhere lists what no package may import.
var nowhere = []string{"istio.io/istio/"}

type file struct {
	path   string // from the repository's root, with slashes
	folder string
	syntax *ast.File
}

func (f file) is(places ...string) bool {
	for _, p := range places {
		if f.path == p || strings.HasPrefix(f.path, p+"/") {
			return true
		}
	}
	return false
}

// sources parses the Go files of the main module.
func sources(t *testing.T, imports parser.Mode) []file {
	t.Helper()
	root := filepath.Join("..", "..")
	var files []file
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
		if entry.IsDir() {
			// Folders with a go.mod of their own are other modules.
			if rel == "test/lab/tools" || rel == "tools" || strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".." || entry.Name() == "testdata" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), path, nil, imports)
		files = append(files, file{rel, filepath.ToSlash(filepath.Dir(rel)), syntax})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 20 {
		t.Fatalf("found only %d files; is the root right?", len(files))
	}
	return files
}

func TestImports(t *testing.T) {
	for _, f := range sources(t, parser.ImportsOnly) {
		for _, spec := range f.syntax.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if inner, ours := strings.CutPrefix(path, module); ours {
				checkOwn(t, f, inner)
				continue
			}
			for _, denied := range nowhere {
				if strings.HasPrefix(path, denied) && path != "istio.io/istio/manifests" {
					t.Errorf("%s imports %s, which no package may", f.path, path)
				}
			}
			for library, places := range homes {
				if (path == library || strings.HasPrefix(path, library+"/")) && !f.is(places...) && !strings.HasSuffix(f.path, "_test.go") {
					t.Errorf("%s imports %s, whose home is %s", f.path, path, strings.Join(places, " or "))
				}
			}
		}
	}
}

// checkOwn checks the import of a package of this project.
func checkOwn(t *testing.T, f file, imported string) {
	t.Helper()
	rule := ""
	for folder := range mayImport {
		if f.is(folder) && len(folder) > len(rule) {
			rule = folder
		}
	}
	if rule == "" {
		t.Errorf("%s lies in a folder without an import rule", f.path)
		return
	}
	allowed := mayImport[rule]
	own := rule
	if rule == "pkg" {
		own = strings.Join(strings.SplitN(f.folder, "/", 3)[:2], "/")
	}
	for _, a := range append(allowed, own) {
		if imported == a || strings.HasPrefix(imported, a+"/") {
			return
		}
	}
	t.Errorf("%s imports %s; %s may import only %s", f.path, imported, rule, strings.Join(append(allowed, "itself"), ", "))
}

func TestNoInitAndNoExitOutsideMain(t *testing.T) {
	for _, f := range sources(t, parser.SkipObjectResolution) {
		if f.syntax.Name.Name == "main" && !f.is("cmd") {
			continue // a program of its own, for go generate
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Name.Name == "init" && n.Recv == nil {
					t.Errorf("%s has an init function", f.path)
				}
			case *ast.CallExpr:
				// A program that `go generate` runs is a main of its own.
				generator := strings.HasSuffix(f.path, "/generate.go") && f.syntax.Name.Name == "main"
				if exits(n) && f.path != "cmd/meshctl/main.go" && !f.is("test") && !generator {
					t.Errorf("%s ends the process; only main may", f.path)
				}
			}
			return true
		})
	}
}

func exits(call *ast.CallExpr) bool {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := selector.X.(*ast.Ident)
	return ok && (pkg.Name == "os" && selector.Sel.Name == "Exit" || pkg.Name == "log" && strings.HasPrefix(selector.Sel.Name, "Fatal"))
}

func TestLogicDoesNotTouchTheProcess(t *testing.T) {
	for _, f := range sources(t, parser.SkipObjectResolution) {
		if !f.is("pkg") || strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := s.X.(*ast.Ident); ok && pkg.Name == "os" && (s.Sel.Name == "Stdout" || s.Sel.Name == "Stderr" || s.Sel.Name == "Stdin" || s.Sel.Name == "Args") {
					t.Errorf("%s uses os.%s; data comes in and goes out through arguments", f.path, s.Sel.Name)
				}
			}
			return true
		})
	}
}
