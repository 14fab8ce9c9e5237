package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

// How istiod is to be asked is checked before it is, and what the user asked for has no other
// way back.
func TestFlagsAboutIstiod(t *testing.T) {
	s := kubetest.NewServer(t, istiodNamed("istiod-1"))
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "cert-chain.pem"), []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]struct {
		code int
		text string
	}{
		"--xds-address istiod.example:15012 --xds-label app=istiod": {exitUsage, "exclude each other"},
		"--xds-address istiod.example:15012 --plaintext":            {exitUsage, "--plaintext asks pods"},
		"--cert-dir " + dir:                    {exitUsage, "--cert-dir"},
		"--cert-dir " + dir + "/absent":        {exitUsage, "no such file"},
		"--xds-address 127.0.0.1:1 --insecure": {exitFailed, ""}, // no token is to be had here, or nobody listens
		"--xds-label app=nosuch --plaintext":   {exitFailed, "no istiod found in namespace istio-system with labels app=nosuch"},
	} {
		for _, command := range []string{"proxy-status", "internal-debug syncz"} {
			got := meshctl(testEnv(t, ""), append(strings.Fields(command+" "+line), "--kubeconfig", s.Kubeconfig())...)
			if got.code != want.code || !strings.Contains(got.stderr, want.text) || strings.Contains(got.stderr, "asked without TLS") {
				t.Errorf("%s %s: exit code %d\n%s%s", command, line, got.code, got.stdout, got.stderr)
			}
		}
	}
}
