// Package script runs the stories of testdata: each is a shell-like script
// about one job, run with the real binary and without a cluster.
//
// Besides what package testscript offers, a story may use
//
//	code N PROGRAM ARGS...     run, and expect this exit code and no panic
//	interrupt N PATTERN|@FILE PROGRAM ARGS...
//	                           run, press Ctrl-C once the output matches or the
//	                           file exists, and expect this exit code
//	cluster FILE               serve the objects of the file as a cluster
//	crlf FILE                  give the file the line ends of Windows
//	long-line FILE             write an object with a line of 1 MB
//	binary FILE                write bytes that are no text
//	blackhole FILE             write a kubeconfig of a server that accepts
//	                           connections and never answers; FILE.asked exists
//	                           once it has been asked
//
// The folder samples stands in each story's working directory.
package script

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var (
	bin     string // folder of the binary, first on the PATH of each story
	samples string
)

func TestMain(m *testing.M) {
	os.Exit(runWithBinary(m))
}

func runWithBinary(m *testing.M) int {
	dir, err := os.MkdirTemp("", "meshctl-script")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(dir)
	if samples, err = filepath.Abs("../../samples"); err != nil {
		return fail(err)
	}
	bin = dir
	if err := build(dir); err != nil {
		return fail(err)
	}
	return m.Run()
}

// build makes the binary under both of its names.
func build(dir string) error {
	suffix := ""
	if runtime.GOOS == "windows" {
		suffix = ".exe"
	}
	binary := filepath.Join(dir, "meshctl"+suffix)
	cmd := exec.Command("go", "build", "-o", binary, "../../cmd/meshctl")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building meshctl: %w\n%s", err, out)
	}
	const completion = "kubectl_complete-mesh" // for kubectl, as in a release
	script, err := os.ReadFile("../../completions/" + completion)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, completion), script, 0o755); err != nil {
		return err
	}
	return os.Link(binary, filepath.Join(dir, "kubectl-mesh"+suffix))
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup:               setUp,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code":      code,
			"interrupt": interrupt,
			"cluster":   cluster,
			"crlf":      crlf,
			"long-line": longLine,
			"binary":    binary,
			"blackhole": blackhole,
		},
	})
}

// setUp gives a story an empty home, no cluster, the samples, and none of the
// settings of whoever runs the test.
func setUp(e *testscript.Env) error {
	home := filepath.Join(e.WorkDir, ".home")
	e.Setenv("HOME", home)
	e.Setenv("USERPROFILE", home)
	e.Setenv("KUBECONFIG", filepath.Join(home, "absent"))
	e.Setenv("PATH", bin+string(os.PathListSeparator)+e.Getenv("PATH"))
	if err := os.Mkdir(home, 0o755); err != nil {
		return err
	}
	return os.Symlink(samples, filepath.Join(e.WorkDir, "samples"))
}
