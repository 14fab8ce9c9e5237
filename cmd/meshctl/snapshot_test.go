package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSnapshotDiffTellsWhatChanged(t *testing.T) {
	s := meshServer(t)
	before, _ := collectMesh(t, s)
	same := meshctl(testEnv(t, ""), "snapshot", "diff", before, before)
	if same.code != exitOK {
		t.Errorf("exit %d for twice the same:\n%s", same.code, same.stdout)
	}
	s.Delete("WasmPlugin", "shop", "w")
	s.Apply("{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: web, namespace: shop}, spec: {hosts: [web, shop]}}\n" +
		"---\n{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: new, namespace: shop}, spec: {}}")
	s.Forward("istio-system", "istiod-1", 15014, web(t, says(`{"version": "1.31.2"}`)))
	after, _ := collectMesh(t, s)
	got := meshctl(testEnv(t, ""), "snapshot", "diff", before, after)
	want := `CHANGE    WHAT                        FIELD            BEFORE                                                                             AFTER
added     Gateway shop/new
changed   VirtualService shop/web     spec.gateways    ["absent"]
changed   VirtualService shop/web     spec.hosts       ["web"]                                                                            ["web","shop"]
changed   VirtualService shop/web     spec.http        [{"headers":{"request":{"set":{"authorization":"[redacted]","x-version":"v2"}...
removed   WasmPlugin shop/w
changed   pod istio-system/istiod-1   istiod version   1.31.1                                                                             1.31.2
`
	if got.code != exitFindings {
		t.Errorf("exit %d: %s", got.code, got.stderr)
	}
	if diff := cmp.Diff(want, got.stdout); diff != "" {
		t.Error(diff)
	}
}

func TestSnapshotsThatAreNoneAreRefused(t *testing.T) {
	foreign := filepath.Join(t.TempDir(), "x.tar.gz")
	if err := os.WriteFile(foreign, []byte("\x1f\x8bxxxx"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"snapshot", "show", foreign}, {"version", "--from", foreign}, {"analyze", "--from", foreign}} {
		got := meshctl(testEnv(t, ""), args...)
		if got.code != exitFailed || !strings.Contains(got.stderr, "this is no snapshot of meshctl") {
			t.Errorf("%v: exit %d: %s", args, got.code, got.stderr)
		}
	}
	if got := meshctl(testEnv(t, ""), "snapshot", "show", t.TempDir()); got.code != exitFailed || !strings.Contains(got.stderr, "is a directory") {
		t.Errorf("exit %d: %s", got.code, got.stderr)
	}
}
