// Command envoytypes collects the descriptions of Envoy's configuration types
// from the sources of the modules below into descriptors.binpb.gz in the current
// directory, for pkg/analyze/validation/envoytypes. The sources hold
// each description as a Go string; reading it needs no compilation of the
// hundreds of packages.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// source is a module and the folder in it.
type source struct{ module, below string }

// modules are those that define types which the mesh's Envoy knows. The version of the
// contributed extensions is the one that Istio 1.31 uses.
func modules() []source {
	return []source{
		{"github.com/envoyproxy/go-control-plane/envoy", "."},
		{"github.com/envoyproxy/go-control-plane/contrib@v1.36.1-0.20260729145720-a2d8c7492908", "."},
		{"github.com/cncf/xds/go", "."},
		{"istio.io/api", "envoy"},
		{"cel.dev/expr", "."},
		{"go.opentelemetry.io/proto/otlp", "."},
		{"google.golang.org/genproto/googleapis/api", "."},
		{"google.golang.org/genproto/googleapis/rpc", "."},
		{"github.com/prometheus/client_model", "."},
		{"google.golang.org/protobuf", "types"},
	}
}

func main() {
	if err := generate("descriptors.binpb.gz"); err != nil {
		fmt.Fprintln(os.Stderr, "generating the descriptions of Envoy's types:", err)
		os.Exit(1)
	}
}

func generate(target string) error {
	files := map[string]*descriptorpb.FileDescriptorProto{}
	for _, m := range modules() {
		dir, err := directory(m.module)
		if err != nil {
			return fmt.Errorf("finding %s: %w", m.module, err)
		}
		if err := collect(filepath.Join(dir, m.below), files); err != nil {
			return fmt.Errorf("reading %s: %w", m.module, err)
		}
	}
	set := &descriptorpb.FileDescriptorSet{}
	defined := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		// The mesh's own extensions come with two modules.
		if f := files[name]; !definedAlready(f, defined) {
			set.File = append(set.File, strip(f))
		}
	}
	for _, f := range set.File {
		// Only types are kept, so imports for the sake of annotations go.
		f.PublicDependency, f.WeakDependency, f.OptionDependency = nil, nil, nil
		f.Dependency = slices.DeleteFunc(f.Dependency, func(name string) bool { return files[name] == nil })
	}
	return write(target, set)
}

func definedAlready(f *descriptorpb.FileDescriptorProto, defined map[string]bool) bool {
	for _, m := range f.MessageType {
		name := f.GetPackage() + "." + m.GetName()
		if defined[name] {
			return true
		}
		defined[name] = true
	}
	return false
}

func directory(module string) (string, error) {
	args := []string{"list", "-m", "-json", module}
	if strings.Contains(module, "@") {
		args = []string{"mod", "download", "-json", module}
	}
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		return "", err
	}
	var found struct{ Dir string }
	return found.Dir, json.Unmarshal(out, &found)
}

func collect(root string, into map[string]*descriptorpb.FileDescriptorProto) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".pb.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		raw, err := description(file)
		if err != nil || raw == nil {
			return err
		}
		var d descriptorpb.FileDescriptorProto
		if err := (proto.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, &d); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if !frozen(d.GetPackage()) {
			into[d.GetName()] = &d
		}
		return nil
	})
}

// frozen reports whether a package is of Envoy's old APIs, which today's Envoy
// does not read any more.
func frozen(pkg string) bool {
	return strings.HasPrefix(pkg, "envoy.") && !strings.Contains(pkg+".", ".v3.") && !strings.Contains(pkg+".", ".v3alpha.")
}

// description is the value of the file's ..._rawDesc, a string or a list of bytes.
func description(file *ast.File) ([]byte, error) {
	for _, declaration := range file.Decls {
		group, ok := declaration.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range group.Specs {
			value, ok := spec.(*ast.ValueSpec)
			if ok && len(value.Names) == 1 && len(value.Values) == 1 && strings.HasSuffix(value.Names[0].Name, "_rawDesc") {
				return bytesOf(value.Values[0])
			}
		}
	}
	return nil, nil
}

func bytesOf(e ast.Expr) ([]byte, error) {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		left, err := bytesOf(e.X)
		if err != nil {
			return nil, err
		}
		right, err := bytesOf(e.Y)
		return append(left, right...), err
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return []byte(text), err
	case *ast.CallExpr: // string([]byte{...})
		return bytesOf(e.Args[0])
	case *ast.CompositeLit:
		b := make([]byte, len(e.Elts))
		for i, element := range e.Elts {
			literal, ok := element.(*ast.BasicLit)
			if !ok {
				return nil, fmt.Errorf("element %d of a description is no literal", i)
			}
			n, err := strconv.ParseUint(literal.Value, 0, 8)
			if err != nil {
				return nil, err
			}
			b[i] = byte(n)
		}
		return b, nil
	}
	return nil, nil
}

// strip removes what checking values does not need: options other than
// deprecation, and services.
func strip(f *descriptorpb.FileDescriptorProto) *descriptorpb.FileDescriptorProto {
	f.Options, f.SourceCodeInfo, f.Service, f.Extension = nil, nil, nil, nil
	for _, m := range f.MessageType {
		stripMessage(m)
	}
	for _, e := range f.EnumType {
		stripEnum(e)
	}
	return f
}

func stripMessage(m *descriptorpb.DescriptorProto) {
	if m.Options != nil {
		m.Options = &descriptorpb.MessageOptions{MapEntry: m.Options.MapEntry}
	}
	for _, field := range m.Field {
		field.Options = deprecation(field.Options)
	}
	for _, o := range m.OneofDecl {
		o.Options = nil
	}
	for _, nested := range m.NestedType {
		stripMessage(nested)
	}
	for _, e := range m.EnumType {
		stripEnum(e)
	}
	m.Extension = nil
}

func deprecation(o *descriptorpb.FieldOptions) *descriptorpb.FieldOptions {
	if !o.GetDeprecated() {
		return nil
	}
	return &descriptorpb.FieldOptions{Deprecated: proto.Bool(true)}
}

func stripEnum(e *descriptorpb.EnumDescriptorProto) {
	if e.Options != nil {
		e.Options = &descriptorpb.EnumOptions{AllowAlias: e.Options.AllowAlias}
	}
	for _, v := range e.Value {
		v.Options = nil
	}
}

func write(name string, set *descriptorpb.FileDescriptorSet) error {
	raw, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(raw); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(name, packed.Bytes(), 0o644)
}
