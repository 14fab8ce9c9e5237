package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// peakFile names, in the environment of a process between, the file for the
// peak that it measures.
const peakFile = "MESHCTL_BENCH_PEAK_FILE"

// measure runs a program as often as the benchmark wants and reports its wall
// time and the largest peak of its resident memory.
func measure(b *testing.B, dir, program string, args []string) {
	var peak float64
	note := filepath.Join(b.TempDir(), "peak")
	for b.Loop() {
		cmd := exec.Command(os.Args[0], append([]string{program}, args...)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(dir, "absent"), "HOME="+dir, peakFile+"="+note)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		err := cmd.Run()
		// Findings (3) are an answer, not a failure.
		if code := cmd.ProcessState.ExitCode(); err != nil && code != 3 {
			b.Fatalf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, stderr.String())
		}
		text, err := os.ReadFile(note)
		if err != nil {
			b.Fatal(err)
		}
		one, err := strconv.ParseFloat(string(text), 64)
		if err != nil {
			b.Fatal(err)
		}
		peak = max(peak, one)
	}
	b.ReportMetric(peak, "peak-MiB")
}

// between runs a program for measure and returns its exit code. A program's
// peak starts at the memory of the process that starts it, and a benchmark
// that has made its input is larger than what it measures.
func between(note, program string, args []string) int {
	cmd := exec.Command(program, args...)
	cmd.Stderr = os.Stderr
	var failed *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &failed) {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	peak := strconv.FormatFloat(peakMiB(cmd.ProcessState), 'f', 2, 64)
	if err := os.WriteFile(note, []byte(peak), 0o600); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return cmd.ProcessState.ExitCode()
}
