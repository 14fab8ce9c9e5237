package tools

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// stamp names the outcome of building a tool: two builds with the same stamp
// give the same binaries.
func (t tool) stamp(moduleDir string) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s/%s %q %q %+v\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, t.binaries, t.ldflags, t.folders())
	if t.tags != "" {
		fmt.Fprintf(h, "tags %s\n", t.tags)
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(moduleDir, file))
		if err != nil {
			return "", fmt.Errorf("reading the module of tool %s: %w", t.name, err)
		}
		h.Write(data)
	}
	return fmt.Sprintf("%s-%x", t.name, h.Sum(nil)[:8]), nil
}
