package script

import (
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// The demo fails if a command does not end as it should.
func TestDemo(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the demo is a shell script")
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(samples, "demo.sh"), filepath.Join(bin, "meshctl")).CombinedOutput()
	if err != nil {
		t.Errorf("the demo fails: %v\n%s", err, out)
	}
}
