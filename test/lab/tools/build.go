package tools

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// build puts the tool's binaries into dir/bin and its assets into dir/share.
func (t tool) build(ctx context.Context, moduleDir, dir string) error {
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	// All binaries at once: one is linked while others are compiled.
	args := []string{"build", "-buildvcs=false", "-tags", t.tags, "-ldflags", "-s -w " + t.ldflags, "-o", bin + string(filepath.Separator)}
	for _, name := range slices.Sorted(maps.Keys(t.binaries)) {
		args = append(args, t.binaries[name])
	}
	if _, err := t.goCommand(ctx, moduleDir, args...); err != nil {
		return err
	}
	for name, pkg := range t.binaries {
		if err := os.Rename(filepath.Join(bin, builtAs(pkg)), filepath.Join(bin, name)); err != nil {
			return fmt.Errorf("naming a binary of tool %s: %w", t.name, err)
		}
	}
	if t.assets == nil {
		return nil
	}
	out, err := t.goCommand(ctx, moduleDir, "list", "-m", "-f", "{{.Dir}}", t.assets.module)
	if err != nil {
		return err
	}
	source := strings.TrimSpace(out)
	for _, folder := range t.folders() {
		if err := copyYAML(filepath.Join(source, folder), filepath.Join(dir, "share", folder)); err != nil {
			return fmt.Errorf("copying the files that %s ships: %w", t.name, err)
		}
	}
	return nil
}

// builtAs returns the name that go build gives to the binary of a package: the
// last element of its path that is no major version.
func builtAs(pkg string) string {
	base := path.Base(pkg)
	if version, ok := strings.CutPrefix(base, "v"); ok && strings.Trim(version, "0123456789") == "" {
		return path.Base(path.Dir(pkg))
	}
	return base
}

// goCommand runs the go command in the tool's module and returns its output.
func (t tool) goCommand(ctx context.Context, moduleDir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = moduleDir
	// A workspace or module flags of the caller must not reach into the tools, and
	// cgo would need a C compiler.
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0", "PWD="+moduleDir)
	if home := home(); home != "" {
		cmd.Env = append(cmd.Env, "HOME="+home)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("building tool %s in %s: go %s: %w\n%s", t.name, moduleDir, strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String(), nil
}

// folders returns the folders of assets, none for a tool without.
func (t tool) folders() []string {
	if t.assets == nil {
		return nil
	}
	return t.assets.folders
}

// copyYAML copies the *.yaml of one folder.
func copyYAML(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.yaml"))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, file := range files {
		if filepath.Base(file) == "kustomization.yaml" {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
