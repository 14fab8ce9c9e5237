package tools

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Set is a complete set of built tools.
type Set struct {
	// Bin is the folder that holds the binaries, under the names in which they
	// are known: etcd, kube-apiserver, kube-controller-manager, kube-scheduler,
	// kwok, pilot-discovery and prometheus.
	Bin string
	// Share is the folder with the files that the tools' modules ship: one
	// folder a tool, the paths inside it as in the module.
	Share string
}

// Path returns the path of a binary.
func (s Set) Path(binary string) string { return filepath.Join(s.Bin, binary) }

// Ensure builds the tools that are missing or out of date and links all of
// them into .lab in the repository that holds the working directory. Progress
// goes to talk, one line before and after each build; nothing is written when
// all is current. Several processes may call it at once: one builds, the
// others wait.
func Ensure(ctx context.Context, talk io.Writer) (Set, error) {
	root, err := repositoryRoot()
	if err != nil {
		return Set{}, err
	}
	cache := cacheDir(root)
	set := Set{Bin: filepath.Join(root, ".lab", "bin"), Share: filepath.Join(root, ".lab", "share")}
	modules := filepath.Join(root, "test", "lab", "tools")
	tools := all()
	if !slices.ContainsFunc(tools, func(t tool) bool { return !t.isCurrent(filepath.Join(modules, t.name), cache, set) }) {
		return set, nil // without waiting for others that build something else
	}
	unlock, err := lock(ctx, cache, talk)
	if err != nil {
		return Set{}, err
	}
	defer unlock()
	for i, t := range tools {
		built, err := t.ensure(ctx, filepath.Join(modules, t.name), cache, func(format string, args ...any) {
			fmt.Fprintf(talk, "lab tools [%d/%d] "+format+"\n", append([]any{i + 1, len(tools)}, args...)...)
		})
		if err != nil {
			return Set{}, err
		}
		if err := t.link(built, set); err != nil {
			return Set{}, err
		}
	}
	return set, nil
}

// EnsureOne builds one tool if need be, and returns the path of its binary,
// which has the tool's name. It is for tests that need no lab.
func EnsureOne(ctx context.Context, talk io.Writer, name string) (string, error) {
	root, err := repositoryRoot()
	if err != nil {
		return "", err
	}
	cache := cacheDir(root)
	unlock, err := lock(ctx, cache, talk)
	if err != nil {
		return "", err
	}
	defer unlock()
	for _, t := range all() {
		if t.name != name {
			continue
		}
		built, err := t.ensure(ctx, filepath.Join(root, "test", "lab", "tools", t.name), cache, func(format string, args ...any) {
			fmt.Fprintf(talk, "lab tools "+format+"\n", args...)
		})
		return filepath.Join(built, "bin", name), err
	}
	return "", fmt.Errorf("the lab has no tool %s", name)
}

// ensure returns the folder with the tool's build, making it if need be.
func (t tool) ensure(ctx context.Context, moduleDir, cache string, say func(string, ...any)) (string, error) {
	stamp, err := t.stamp(moduleDir)
	if err != nil {
		return "", err
	}
	done := filepath.Join(cache, stamp)
	if _, err := os.Stat(done); err == nil {
		return done, nil
	}
	say("building %s (the first time this takes up to 4 minutes)", t.name)
	start := time.Now()
	// A build that was broken off must not look like a finished one.
	partial, err := os.MkdirTemp(cache, stamp+".partial-")
	if err != nil {
		return "", fmt.Errorf("making room to build %s: %w", t.name, err)
	}
	defer os.RemoveAll(partial)
	if err := t.build(ctx, moduleDir, partial); err != nil {
		return "", err
	}
	if err := os.Rename(partial, done); err != nil {
		return "", fmt.Errorf("keeping the build of %s: %w", t.name, err)
	}
	say("built %s in %s", t.name, time.Since(start).Round(time.Second))
	return done, nil
}
