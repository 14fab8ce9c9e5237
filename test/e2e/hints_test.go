package e2e

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What `make lab` says to try works as it is printed, with kubectl and without.
func TestTheHintsOfALabWork(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "lab")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../lab/cmd/lab").CombinedOutput(); err != nil {
		t.Fatalf("building the lab's program: %v\n%s", err, out)
	}
	for _, name := range []string{"kubectl", "no kubectl"} {
		t.Run(name, func(t *testing.T) {
			path := os.Getenv("PATH")
			if _, err := exec.LookPath("kubectl"); name == "kubectl" && err != nil {
				t.Skip("kubectl is not installed")
			} else if name != "kubectl" && err == nil {
				path = withoutKubectl(t)
			}
			ctx, cancel := context.WithTimeout(t.Context(), commandTimeout)
			defer cancel()
			up := exec.CommandContext(ctx, program, "up")
			up.Dir = filepath.Join("..", "..")
			up.Env = append(os.Environ(), "PATH="+path)
			up.Cancel = func() error { return up.Process.Signal(os.Interrupt) }
			talk, err := up.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := up.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = up.Wait() }) // it was interrupted
			defer cancel()

			var script strings.Builder
			for lines := bufio.NewScanner(talk); lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C"); {
				if command, ok := strings.CutPrefix(lines.Text(), "  "); ok {
					script.WriteString(command + "\n")
				}
			}
			commands := strings.NewReplacer("bin/meshctl", meshctl, ".lab/lab", program).Replace(script.String())
			if strings.Contains(commands, "kubectl") != (name == "kubectl") || strings.Count(commands, "\n") < 8 {
				t.Fatalf("it says:\n%s", script.String())
			}
			run := exec.CommandContext(ctx, "bash", "-e", "-o", "pipefail", "-c", commands)
			run.Dir, run.Env = up.Dir, up.Env
			out, err := run.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "frontend-") {
				t.Errorf("%v\n%s\nof\n%s", err, out, script.String())
			}
		})
	}
}

// withoutKubectl is a PATH on which everything is but kubectl.
func withoutKubectl(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		programs, err := os.ReadDir(folder)
		if err != nil {
			continue
		}
		for _, program := range programs {
			if program.Name() != "kubectl" {
				_ = os.Symlink(filepath.Join(folder, program.Name()), filepath.Join(dir, program.Name())) // the first one counts
			}
		}
	}
	return dir
}
