package install

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// tgz packs a folder of the embedded charts, below a first folder.
func tgz(t *testing.T, root, first string) []byte {
	t.Helper()
	var b bytes.Buffer
	zipper := gzip.NewWriter(&b)
	archive := tar.NewWriter(zipper)
	err := fs.WalkDir(EmbeddedCharts(), root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(EmbeddedCharts(), name)
		if err != nil {
			return err
		}
		rest := strings.TrimPrefix(strings.TrimPrefix(name, root), "/")
		if err := archive.WriteHeader(&tar.Header{Name: path.Join(first, rest), Mode: 0o644, Size: int64(len(data))}); err != nil {
			return err
		}
		_, err = archive.Write(data)
		return err
	})
	if err == nil {
		err = archive.Close()
	}
	if err == nil {
		err = zipper.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rendersAsEmbedded renders the minimal profile with charts from a location.
func rendersAsEmbedded(t *testing.T, source ChartSource, location string) {
	t.Helper()
	charts, err := source.Open(context.Background(), location)
	if err != nil {
		t.Fatal(err)
	}
	var ids [2][]string
	for i, c := range []Charts{{}, charts} {
		config, err := Resolve(Input{Charts: c, Profile: "minimal"})
		if err != nil {
			t.Fatal(err)
		}
		rendering, err := Render(context.Background(), config, RenderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range rendering.Objects {
			data, err := o.YAML()
			if err != nil {
				t.Fatal(err)
			}
			var decoded any
			content, err := decodeObject(string(data))
			if err != nil {
				t.Fatal(err)
			}
			decoded = content
			encoded, err := json.Marshal(decoded)
			if err != nil {
				t.Fatal(err)
			}
			ids[i] = append(ids[i], string(encoded))
		}
	}
	if a, b := strings.Join(ids[0], "\n"), strings.Join(ids[1], "\n"); a != b {
		t.Errorf("charts from %s render otherwise than the embedded ones", location)
	}
}

func TestChartsFromAFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "manifests"), EmbeddedCharts()); err != nil {
		t.Fatal(err)
	}
	rendersAsEmbedded(t, ChartSource{}, dir)
	rendersAsEmbedded(t, ChartSource{}, filepath.Join(dir, "manifests"))
}

func TestChartsFromAnArchive(t *testing.T) {
	file := filepath.Join(t.TempDir(), "istio.tgz")
	if err := os.WriteFile(file, tgz(t, ".", "istio-1.31.1"), 0o644); err != nil {
		t.Fatal(err)
	}
	rendersAsEmbedded(t, ChartSource{}, file)
}

func TestChartsFromAServer(t *testing.T) {
	bundle := tgz(t, ".", "istio-1.31.1")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/istio.tgz":
			_, _ = w.Write(bundle)
		case "/charts/index.yaml":
			fmt.Fprint(w, "apiVersion: v1\nentries:\n")
			for _, name := range []string{"base", "istiod"} {
				fmt.Fprintf(w, "  %s:\n  - {version: 1.30.0, urls: [old.tgz]}\n  - {version: 1.31.1, urls: [%s-1.31.1.tgz]}\n", name, name)
			}
		case "/charts/base-1.31.1.tgz":
			_, _ = w.Write(tgz(t, "charts/base", "base"))
		case "/charts/istiod-1.31.1.tgz":
			_, _ = w.Write(tgz(t, "charts/istio-control/istio-discovery", "istiod"))
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	rendersAsEmbedded(t, ChartSource{}, server.URL+"/istio.tgz")
	rendersAsEmbedded(t, ChartSource{}, server.URL+"/charts")

	charts, err := ChartSource{Version: "9.9.9"}.Open(context.Background(), server.URL+"/charts")
	if err != nil {
		t.Fatal(err)
	}
	_, err = charts.load(context.Background(), components()[0])
	if err == nil || !strings.Contains(err.Error(), "1.30.0, 1.31.1") {
		t.Errorf("an unknown version: %v", err)
	}
	if _, err := (ChartSource{}).Open(context.Background(), server.URL+"/absent.tgz"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("a missing archive: %v", err)
	}
}

// A registry that speaks as much of the OCI distribution protocol as pulling
// needs.
func TestChartsFromARegistry(t *testing.T) {
	blobs := map[string][]byte{}
	put := func(data []byte) map[string]any {
		sum := sha256.Sum256(data)
		digest := "sha256:" + hex.EncodeToString(sum[:])
		blobs[digest] = data
		return map[string]any{"digest": digest, "size": len(data)}
	}
	manifests := map[string][]byte{}
	for name, folder := range map[string]string{"base": "charts/base", "istiod": "charts/istio-control/istio-discovery"} {
		config := put([]byte(`{"name":"` + name + `","version":"1.31.1","apiVersion":"v2"}`))
		config["mediaType"] = "application/vnd.cncf.helm.config.v1+json"
		layer := put(tgz(t, folder, name))
		layer["mediaType"] = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
		data, err := json.Marshal(map[string]any{
			"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
			"config": config, "layers": []any{layer},
		})
		if err != nil {
			t.Fatal(err)
		}
		manifests[name] = data
		put(data)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		parts := strings.Split(r.URL.Path, "/")
		last := parts[len(parts)-1]
		data, ok := blobs[last]
		if last == "1.31.1" {
			data, ok = manifests[parts[len(parts)-3]]
		}
		if !ok {
			http.NotFound(w, r)
			return
		}
		if strings.Contains(r.URL.Path, "/manifests/") {
			sum := sha256.Sum256(data)
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			w.Header().Set("Docker-Content-Digest", "sha256:"+hex.EncodeToString(sum[:]))
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		if r.Method != http.MethodHead {
			_, _ = w.Write(data)
		}
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	rendersAsEmbedded(t, ChartSource{PlainHTTP: true}, "oci://"+host+"/release/charts")
}

func TestBadChartLocationsAreExplained(t *testing.T) {
	empty := t.TempDir()
	text := filepath.Join(empty, "x.tgz")
	if err := os.WriteFile(text, []byte("no archive"), 0o644); err != nil {
		t.Fatal(err)
	}
	for location, want := range map[string]string{
		filepath.Join(empty, "absent"): "no such file",
		empty:                          "expected the folders charts and profiles",
		text:                           "unpacking charts",
	} {
		if _, err := (ChartSource{}).Open(context.Background(), location); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", location, err, want)
		}
	}
}

func TestInstallPackagePath(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, EmbeddedCharts()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "profiles", "mine.yaml"), []byte("kind: IstioOperator\nspec: {hub: mine.example}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	config, err := resolveYAML(t, "kind: IstioOperator\nspec: {profile: mine, installPackagePath: "+dir+"}\n")
	if err != nil || config.charts.trusted() {
		t.Errorf("the charts of the document are not used: %v", err)
	}
	for _, location := range []string{"/absent", "oci://example.com/charts"} {
		if _, err := resolveYAML(t, "kind: IstioOperator\nspec: {installPackagePath: \""+location+"\"}\n"); err == nil || !strings.Contains(err.Error(), "iop.yaml:2: spec.installPackagePath") {
			t.Errorf("%s: %v", location, err)
		}
	}
}
