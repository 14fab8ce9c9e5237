// Package bench measures what the budgets promise, as
// a user would see it: whole processes, with their peak memory. Where
// istioctl is on PATH each row is measured with it, too.
package bench

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// binary builds meshctl as it is released, once.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "meshctl-bench-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "meshctl")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "../../cmd/meshctl")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building meshctl: %w\n%s", err, out)
	}
	return path, installed(path)
})

// installed makes a file the copy of itself, written in small pieces as by tar
// or cp. Of a file that was written at once, as by the linker, the page cache
// holds large pieces, and every start maps most of the program.
func installed(path string) error {
	program, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	copied, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	for piece := range slices.Chunk(program, 64<<10) {
		if _, err := copied.Write(piece); err != nil {
			return errors.Join(err, copied.Close())
		}
	}
	return copied.Close()
}

func TestMain(m *testing.M) {
	if note := os.Getenv(peakFile); note != "" {
		os.Exit(between(note, os.Args[1], os.Args[2:]))
	}
	code := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// row is a row of the budget table. args are those of both programs unless
// peer is set.
type row struct {
	name  string
	args  []string
	peer  []string
	input func(b *testing.B, dir string) // writes the files that args name
}

var rows = []row{
	{name: "start", args: []string{"version", "--remote=false"}},
	{name: "manifest-generate", args: []string{"manifest", "generate"}},
	{
		name:  "analyze-10k",
		args:  []string{"analyze", "-A", "mesh.yaml"},
		peer:  []string{"analyze", "--use-kube=false", "-A", "mesh.yaml"},
		input: func(b *testing.B, dir string) { write(b, dir, "mesh.yaml", mesh(10_000)) },
	},
	{name: "proxy-config-cluster", args: []string{"proxy-config", "cluster", "-f", "dump.json"}, input: dumpFile},
	{name: "proxy-config-route", args: []string{"proxy-config", "route", "-f", "dump.json"}, input: dumpFile},
	{name: "proxy-config-listener", args: []string{"proxy-config", "listener", "-f", "dump.json"}, input: dumpFile},
	{name: "proxy-config-cluster-100MB", args: []string{"proxy-config", "cluster", "-f", "dump.json"}, input: bigDumpFile},
	{name: "proxy-config-route-100MB", args: []string{"proxy-config", "route", "-f", "dump.json"}, input: bigDumpFile},
	{name: "proxy-config-listener-json-100MB", args: []string{"proxy-config", "listener", "-f", "dump.json", "-o", "json"}, input: bigDumpFile},
	{name: "proxy-config-cluster-yaml-100MB", args: []string{"proxy-config", "cluster", "-f", "dump.json", "-o", "yaml"}, input: bigDumpFile},
	{name: "proxy-config-all-100MB", args: []string{"proxy-config", "all", "-f", "dump.json"}, input: bigDumpFile},
	{name: "proxy-config-all-json-100MB", args: []string{"proxy-config", "all", "-f", "dump.json", "-o", "json"}, input: bigDumpFile},
	{name: "proxy-config-diff-50MB", args: []string{"proxy-config", "diff", "before.json", "after.json"}, input: dumpPair},
	{
		name: "inject-1000",
		args: []string{"inject", "-f", "deployments.yaml", "-r", "default",
			"--meshConfigFile", "mesh.yaml", "--valuesFile", "values.json", "--injectConfigFile", "config.yaml"},
		input: func(b *testing.B, dir string) {
			write(b, dir, "deployments.yaml", deployments(1000))
			injectionConfig(b, dir)
		},
	},
}

func BenchmarkBudget(b *testing.B) {
	meshctl, err := binary()
	if err != nil {
		b.Fatal(err)
	}
	istioctl, _ := exec.LookPath("istioctl")
	for _, r := range rows {
		dir := b.TempDir()
		if r.input != nil {
			r.input(b, dir)
		}
		b.Run(r.name+"/meshctl", func(b *testing.B) { measure(b, dir, meshctl, r.args) })
		if istioctl == "" {
			continue
		}
		args := r.args
		if r.peer != nil {
			args = r.peer
		}
		b.Run(r.name+"/istioctl", func(b *testing.B) { measure(b, dir, istioctl, args) })
	}
}

func BenchmarkBinarySize(b *testing.B) {
	path, err := binary()
	if err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		runtime.KeepAlive(info)
	}
	b.ReportMetric(float64(info.Size())/1e6, "MB")
}

func write(b *testing.B, dir, name string, data []byte) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
		b.Fatal(err)
	}
}
