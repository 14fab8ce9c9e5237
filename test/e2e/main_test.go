// Package e2e runs meshctl as a user would, on the lab: a real API server and a
// real istiod, with nodes and proxies simulated (see test/lab).
package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/meshctl/meshctl/test/lab"
)

// mesh is the lab that all tests share, with Istio's default profile installed.
var mesh *lab.Lab

// meshctl is the path of the binary under test.
var meshctl string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "meshctl-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "making a folder for meshctl:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	meshctl = filepath.Join(dir, "meshctl")
	if out, err := exec.Command("go", "build", "-o", meshctl, "../../cmd/meshctl").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building meshctl: %v\n%s", err, out)
		return 1
	}
	// Stories wait more than they compute: more of them go side by side than there are cores.
	if err := flag.Set("test.parallel", "6"); err != nil {
		fmt.Fprintln(os.Stderr, "setting how many stories go side by side:", err)
		return 1
	}
	return lab.Main(m, &mesh, lab.Options{}, installDefaultProfile, deployShop)
}

// installDefaultProfile is the beginning of all stories: what "meshctl manifest
// generate" prints is applied.
func installDefaultProfile(ctx context.Context, l *lab.Lab) error {
	manifests, err := exec.CommandContext(ctx, meshctl, "manifest", "generate").Output()
	if err != nil {
		return fmt.Errorf("generating the manifests: %w", err)
	}
	return l.InstallIstio(ctx, manifests)
}
