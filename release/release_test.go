package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"sigs.k8s.io/yaml"
)

// stamp is the time of the commit in these tests.
const stamp = 1_760_000_000

// compiler stands in for Go: its "program" says how it was built.
const compiler = `#!/bin/sh
out=
line="$GOOS/$GOARCH CGO_ENABLED=$CGO_ENABLED GOAMD64=$GOAMD64 GOARM64=$GOARM64 GOFLAGS=$GOFLAGS"
case "$1" in version) echo "go version go0.0"; exit;; build) ;; *) exit 2;; esac
while [ $# -gt 0 ]; do
  case "$1" in -o) out=$2; shift;; *) line="$line|$1";; esac
  shift
done
[ "$BREAK" = "$GOOS" ] && { echo "no compiler for $GOOS" >&2; exit 1; }
echo "$line" >"$out"
chmod +x "$out"
`

// build runs build.sh with that compiler; the result is the folder with the release.
func build(t *testing.T, settings ...string) (dist, said string, err error) {
	t.Helper()
	if text, err := exec.Command("tar", "--version").Output(); err != nil || !bytes.Contains(text, []byte("GNU tar")) {
		t.Skip("releases are packed by GNU tar, which is not here")
	}
	tools := t.TempDir()
	if err := os.WriteFile(filepath.Join(tools, "go"), []byte(compiler), 0o755); err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("build.sh")
	if err != nil {
		t.Fatal(err)
	}
	dist = filepath.Join(t.TempDir(), "dist")
	cmd := exec.Command("bash", script)
	cmd.Dir = t.TempDir() // wherever it is called from
	cmd.Env = append(os.Environ(),
		"PATH="+tools+string(os.PathListSeparator)+os.Getenv("PATH"),
		"DIST="+dist, "VERSION=v1.2.3", fmt.Sprint("SOURCE_DATE_EPOCH=", stamp))
	cmd.Env = append(cmd.Env, settings...)
	text, err := cmd.CombinedOutput()
	return dist, string(text), err
}

func built(t *testing.T, settings ...string) string {
	t.Helper()
	dist, said, err := build(t, settings...)
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return dist
}

// files are the contents of a folder by name.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	contents := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		contents[e.Name()] = string(text)
	}
	return contents
}

func platforms() []string {
	return []string{"darwin_amd64", "darwin_arm64", "linux_amd64", "linux_arm64", "windows_amd64", "windows_arm64"}
}

func TestReleaseHoldsWhatUsersNeedAndNothingElse(t *testing.T) {
	dist := files(t, built(t))
	if len(dist) != len(platforms())+2 {
		t.Errorf("%d files", len(dist))
	}
	man, err := filepath.Glob("../docs/man/*.1")
	if err != nil || len(man) < 50 {
		t.Fatal(man, err)
	}
	for _, platform := range platforms() {
		want := map[string]int64{
			"LICENSE": 0o644, "README.md": 0o644, "kubectl_complete-mesh": 0o755, "meshctl": 0o755,
			"completions/_meshctl": 0o644, "completions/meshctl.bash": 0o644, "completions/meshctl.fish": 0o644, "completions/meshctl.ps1": 0o644,
		}
		for _, page := range man {
			want["man/"+filepath.Base(page)] = 0o644
		}
		if strings.HasPrefix(platform, "windows") {
			delete(want, "meshctl")
			want["meshctl.exe"] = 0o755
		}
		name := "meshctl_v1.2.3_" + platform + ".tar.gz"
		modes, texts := unpack(t, dist[name])
		if diff := cmp.Diff(want, modes); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		license, err := os.ReadFile("../LICENSE")
		if err != nil || texts["LICENSE"] != string(license) {
			t.Errorf("%s has another license: %v", name, err)
		}
		program := texts["meshctl"] + texts["meshctl.exe"]
		if !strings.HasPrefix(program, strings.ReplaceAll(platform, "_", "/")+" CGO_ENABLED=0 ") || !strings.Contains(program, "-X main.version=v1.2.3") {
			t.Errorf("%s holds a program built by %s", name, program)
		}
		sum := fmt.Sprintf("%x  %s\n", sha256.Sum256([]byte(dist[name])), name)
		if !strings.Contains(dist["checksums.txt"], sum) {
			t.Errorf("checksums.txt has no line %q:\n%s", sum, dist["checksums.txt"])
		}
	}
}

// unpack is the modes and contents of an archive's files. Whatever differs from
// machine to machine is an error.
func unpack(t *testing.T, archive string) (modes map[string]int64, texts map[string]string) {
	t.Helper()
	zip, err := gzip.NewReader(strings.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	if !zip.ModTime.IsZero() || zip.Name != "" {
		t.Errorf("gzip's header says %s of %q", zip.ModTime, zip.Name)
	}
	modes, texts = map[string]int64{}, map[string]string{}
	for in := tar.NewReader(zip); ; {
		h, err := in.Next()
		if err == io.EOF {
			return modes, texts
		}
		if err != nil {
			t.Fatal(err)
		}
		name := h.Name
		if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/") {
			t.Errorf("%s is unpacked into the user's folder", name)
		}
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || !h.ModTime.Equal(time.Unix(stamp, 0)) {
			t.Errorf("%s belongs to %d %q, %d %q and is of %s", name, h.Uid, h.Uname, h.Gid, h.Gname, h.ModTime)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		switch h.Typeflag {
		case tar.TypeDir:
			if h.Mode != 0o755 {
				t.Errorf("folder %s has mode %o", name, h.Mode)
			}
		case tar.TypeReg:
			modes[name], texts[name] = h.Mode, string(text)
		default:
			t.Errorf("%s is of type %c", name, h.Typeflag)
		}
	}
}

// The same commit gives the same bytes on whichever machine, in whatever folder.
func TestReleaseIsReproducible(t *testing.T) {
	want := files(t, built(t))
	before := syscall.Umask(0o077)
	defer syscall.Umask(before)
	got := files(t, built(t,
		"TZ=Asia/Kolkata", "LC_ALL=en_US.UTF-8", "GOFLAGS=-mod=mod", "GOAMD64=v3", "GOARM64=v9.0", "CGO_ENABLED=1",
		"TAR_OPTIONS=--format=pax", "GZIP=-1"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("another umask, time zone, locale and settings of Go give another release")
	}
}

// plugin is a Krew manifest,
// https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/
type plugin struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Version          string     `json:"version"`
		Homepage         string     `json:"homepage"`
		ShortDescription string     `json:"shortDescription"`
		Description      string     `json:"description"`
		Caveats          string     `json:"caveats"`
		Platforms        []platform `json:"platforms"`
	} `json:"spec"`
}

type platform struct {
	Selector struct {
		MatchLabels map[string]string `json:"matchLabels"`
	} `json:"selector"`
	URI    string `json:"uri"`
	SHA256 string `json:"sha256"`
	Bin    string `json:"bin"`
}

// Every archive is in the manifest, with its checksum and its program.
func TestKrewManifestIsThatOfTheArchives(t *testing.T) {
	dist := files(t, built(t))
	var p plugin
	if err := yaml.UnmarshalStrict([]byte(dist["mesh.yaml"]), &p); err != nil {
		t.Fatal(err)
	}
	if p.APIVersion != "krew.googlecontainertools.github.com/v1alpha2" || p.Kind != "Plugin" || p.Metadata.Name != "mesh" || p.Spec.Version != "v1.2.3" {
		t.Errorf("%+v", p)
	}
	if n := len(p.Spec.ShortDescription); n == 0 || n > 50 || strings.HasSuffix(p.Spec.ShortDescription, ".") {
		t.Errorf("the short description %q: Krew wants 1 to 50 characters without a full stop", p.Spec.ShortDescription)
	}
	if !strings.Contains(p.Spec.Caveats, "kubectl_complete-mesh") {
		t.Errorf("no word of completion: %q", p.Spec.Caveats)
	}
	if p.Spec.Description == "" || !strings.HasPrefix(p.Spec.Homepage, "https://") {
		t.Error("Krew wants a description and a homepage")
	}
	var want []platform
	for _, name := range platforms() {
		system, arch, _ := strings.Cut(name, "_")
		archive := "meshctl_v1.2.3_" + name + ".tar.gz"
		one := platform{
			URI:    "https://github.com/meshctl/meshctl/releases/download/v1.2.3/" + archive,
			SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(dist[archive]))), Bin: "meshctl",
		}
		if system == "windows" {
			one.Bin = "meshctl.exe"
		}
		one.Selector.MatchLabels = map[string]string{"os": system, "arch": arch}
		want = append(want, one)
	}
	byURI := func(a, b platform) bool { return a.URI < b.URI }
	if diff := cmp.Diff(want, p.Spec.Platforms, cmpopts.SortSlices(byURI)); diff != "" {
		t.Error(diff)
	}
}

// A commit without a tag is released as what Go would call it too.
func TestReleaseHasAVersion(t *testing.T) {
	for given, want := range map[string]string{
		"v2.0.0-rc.1": "v2.0.0-rc.1", "v1.2.3-4-g0123abc": "v1.2.3-4-g0123abc", "0123abc": "v0.0.0-g0123abc", "0123abc-dirty": "v0.0.0-g0123abc-dirty",
	} {
		dist := files(t, built(t, "VERSION="+given))
		if _, ok := dist["meshctl_"+want+"_linux_amd64.tar.gz"]; !ok || !strings.Contains(dist["mesh.yaml"], `version: "`+want+`"`) {
			t.Errorf("%s gives %v", given, dist["checksums.txt"])
		}
	}
	if _, said, err := build(t, "VERSION="); err == nil || !strings.Contains(said, "set VERSION") {
		t.Errorf("without a version: %v\n%s", err, said)
	}
	for _, bad := range []string{"v1", "v1.2.3/../x", "a b"} {
		if dist, said, err := build(t, "VERSION="+bad); err == nil || !strings.Contains(said, "VERSION") {
			t.Errorf("%q: %v\n%s%v", bad, err, said, dist)
		}
	}
}

// A build that fails leaves the release before it, and nothing beside.
func TestReleaseIsWholeOrNone(t *testing.T) {
	before := built(t)
	want := files(t, before)
	_, said, err := build(t, "BREAK=windows", "DIST="+before, "VERSION=v1.2.4")
	if err == nil || !strings.Contains(said, "no compiler for windows") {
		t.Errorf("%v\n%s", err, said)
	}
	if diff := cmp.Diff(want, files(t, before)); diff != "" {
		t.Error("the release before is no longer what it was")
	}
	if left, err := os.ReadDir(filepath.Dir(before)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if _, said, err := build(t, "DIST="+before, "VERSION=v1.2.4"); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if next := files(t, before); len(next) != len(want) || next["meshctl_v1.2.4_linux_amd64.tar.gz"] == "" {
		t.Errorf("the next release:\n%s", next["checksums.txt"])
	}

	mine := t.TempDir()
	if err := os.WriteFile(filepath.Join(mine, "thesis.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, said, err := build(t, "DIST="+mine); err == nil || !strings.Contains(said, "no release") || len(files(t, mine)) != 1 {
		t.Errorf("a folder with other things: %v\n%s", err, said)
	}
}
