package script

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// named is a comment of samples/shop-broken that names a mistake.
var named = regexp.MustCompile(`(?m)^\s*# (IST\d{4}|MSH\d{4})( with --scope whole)?: `)

// What the comments of the broken shop say is what an analysis finds, no more
// and no less.
func TestTheBrokenShopNamesItsMistakes(t *testing.T) {
	istio := filepath.Join(t.TempDir(), "istio.yaml")
	if out, err := exec.CommandContext(t.Context(), filepath.Join(bin, "meshctl"), "manifest", "generate", "-o", istio).CombinedOutput(); err != nil {
		t.Fatalf("generating the manifests of the mesh: %v\n%s", err, out)
	}
	for _, scope := range []string{"auto", "whole"} {
		t.Run("scope "+scope, func(t *testing.T) {
			var want []string
			files, err := filepath.Glob(filepath.Join(samples, "shop-broken", "*.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range named.FindAllStringSubmatch(string(text), -1) {
					if m[2] == "" || scope == "whole" {
						want = append(want, filepath.Base(file)+" "+m[1])
					}
				}
			}
			slices.Sort(want)
			got := findings(t, "--scope", scope, filepath.Join(samples, "shop-broken"), istio)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("comments (-) and findings (+) differ:\n%s", diff)
			}
		})
	}
}

// findings runs analyze and gives "FILE CODE" for each finding, sorted.
func findings(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(bin, "meshctl"), append([]string{"analyze", "-o", "json"}, args...)...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 3) {
		t.Fatalf("meshctl %s: %v", strings.Join(args, " "), err)
	}
	var report []struct{ Code, File string }
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("reading the findings: %v\n%s", err, out)
	}
	var found []string
	for _, f := range report {
		found = append(found, filepath.Base(f.File)+" "+f.Code)
	}
	slices.Sort(found)
	return found
}
