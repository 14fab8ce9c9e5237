package main

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

// Nobody who gets an archive learns a secret of the mesh from it, and whoever
// looks into a problem finds what is none: the files in testdata/secrets say
// hunter in each secret and keep in what is needed.
func TestCollectTakesNoSecretOfAnyKindAlong(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("testdata", "secrets", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	objects, dump, configz, log := read("objects.yaml"), read("dump.json"), read("configz.json"), read("proxy.log")
	s := kubetest.NewServer(t, objects)
	s.Forward("shop", "web-1", 15000, web(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/config_dump" {
			http.Error(w, "password=hunter-in-an-error", http.StatusInternalServerError)
			return
		}
		io.WriteString(w, dump)
	}))
	s.Forward("istio-system", "istiod-1", 15014, web(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/debug/configz" {
			io.WriteString(w, configz)
			return
		}
		io.WriteString(w, "{}")
	}))
	s.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/log") {
			return false
		}
		io.WriteString(w, log)
		return true
	})
	name, _ := collectMesh(t, s)
	text := unzip(t, name)

	secrets := []string{"hunter", "AKIAIOSFODNN7EXAMPLE"}
	for offset := range 3 { // hunter in base64, wherever it begins
		encoded := base64.RawStdEncoding.EncodeToString([]byte("xx"[:offset] + "hunter"))
		secrets = append(secrets, encoded[(offset*8+5)/6:len(encoded)-1])
	}
	secrets = append(secrets, regexp.MustCompile(`[A-Za-z0-9+/]{60,}`).FindAllString(objects, -1)...)
	for _, secret := range secrets {
		for at, from := 0, 0; ; from = at + 1 {
			i := bytes.Index(text[from:], []byte(secret))
			if i < 0 {
				break
			}
			at = from + i
			t.Errorf("%.40s is in the archive: ...%s...", secret, text[max(0, at-120):min(len(text), at+40)])
		}
	}
	for _, needed := range regexp.MustCompile(`\bkeep[-a-z0-9]*`).FindAllString(objects[strings.Index(objects, "apiVersion"):]+dump+configz+log, -1) {
		if !bytes.Contains(text, []byte(needed)) {
			t.Errorf("%s is not in the archive", needed)
		}
	}
}

// unzip is all that is in an archive, as a file of tar.
func unzip(t *testing.T, name string) []byte {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zip, err := zstd.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer zip.Close()
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
