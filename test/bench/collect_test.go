package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
	"github.com/meshctl/meshctl/pkg/snapshot"
)

// The mesh that TestCollectOfALargeMesh collects.
const (
	proxies      = 200
	collectLimit = 256 // MiB
)

// A mesh's size does not decide how much memory collect needs, and proxies that
// fail cost their own answers only, each with the reason.
func TestCollectOfALargeMesh(t *testing.T) {
	if testing.Short() {
		t.Skip("this builds meshctl and moves some 300 MB")
	}
	if runtime.GOOS == "windows" {
		t.Skip("the peak of a process's memory is read on Unix only")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "meshctl")
	build := exec.Command("go", "build", "-o", program, "../../cmd/meshctl")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building meshctl: %v\n%s", err, out)
	}
	server, broken := largeMesh(t)
	archive, note := filepath.Join(dir, "mesh.tar.zst"), filepath.Join(dir, "peak")
	cmd := exec.Command(os.Args[0], program, "collect", "-o", archive, "--timeout", "5m")
	cmd.Env = append(os.Environ(), "KUBECONFIG="+server.Kubeconfig(), "HOME="+dir, peakFile+"="+note)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	peak, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		t.Fatal(err)
	}
	a, err := snapshot.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	summary := snapshot.Summarize(a.Index)
	t.Logf("%d proxies, %d logs, %.0f MiB of answers, peak %.0f MiB", summary.Proxies, summary.Logs, float64(summary.Size)/(1<<20), peak)
	if peak > collectLimit || peak == 0 {
		t.Errorf("peak of memory %.0f MiB, at most %d are allowed", peak, collectLimit)
	}
	failed := map[string]bool{}
	for _, f := range a.Index.Failures {
		failed[f.What] = true
	}
	if diff := cmp.Diff(broken, failed); diff != "" {
		t.Errorf("what failed:\n%s", diff)
	}
	for i := range proxies {
		path := snapshot.AnswerPath("shop", fmt.Sprintf("proxy-%d", i), 15000, "/clusters")
		if !broken[fmt.Sprintf("pod shop/proxy-%d", i)] && !a.Has(path) {
			t.Errorf("%s is missing", path)
		}
	}
}

// largeMesh is an istiod and proxies, a tenth of which fail: they refuse
// connections, answer with an error, or end in the middle of the answer.
// Eight of the rest have much to tell.
func largeMesh(t *testing.T) (server *kubetest.Server, broken map[string]bool) {
	small, large := envoyDump(t, 20), envoyDump(t, 600)
	envoy := func(dump []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			switch {
			case strings.HasSuffix(r.URL.Path, "config_dump"):
				w.Write(dump)
			case r.URL.Path == "/debug/syncz":
				io.WriteString(w, "[]")
			default:
				fmt.Fprintf(w, "an answer to %s\n", r.URL)
			}
		}
	}
	well, busy, istiod := serve(t, envoy(small)), serve(t, envoy(large)), serve(t, envoy(small))
	refusing := serve(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) })
	ending := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		w.Write(small[:5000])
		panic(http.ErrAbortHandler)
	})
	objects := "{apiVersion: v1, kind: Pod, metadata: {name: istiod-1, namespace: istio-system, labels: {app: istiod}}, spec: {containers: [{name: discovery}]}, status: {phase: Running}}\n"
	for i := range proxies {
		objects += fmt.Sprintf("---\n{apiVersion: v1, kind: Pod, metadata: {name: proxy-%d, namespace: shop}, spec: {containers: [{name: istio-proxy}]}, status: {phase: Running, containerStatuses: [{name: istio-proxy}]}}\n", i)
	}
	server = kubetest.NewServer(t, objects)
	server.Fault(func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/log") {
			return false
		}
		io.WriteString(w, strings.Repeat("2026-11-01T10:00:00Z a line of a log\n", 2000))
		return true
	})
	server.Forward("istio-system", "istiod-1", 15014, istiod)
	broken = map[string]bool{}
	for i := range proxies {
		name, address := fmt.Sprintf("proxy-%d", i), well
		switch {
		case i%10 == 3:
			broken["pod shop/"+name] = true
			address = []string{"", refusing, ending}[i/10%3]
		case i%25 == 0:
			address = busy
		}
		if address != "" {
			server.Forward("shop", name, 15000, address)
		}
	}
	return server, broken
}

func serve(t *testing.T, handler http.HandlerFunc) string {
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL
}

// envoyDump is a dump in lines, as Envoy writes it.
func envoyDump(t *testing.T, services int) []byte {
	var out bytes.Buffer
	if err := json.Indent(&out, dump(services), "", " "); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
