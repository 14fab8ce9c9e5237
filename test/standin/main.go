// Command standin serves a cluster that is none: an API server on loopback
// with one pod, a Grafana, behind whose port a page answers. The demo opens
// a dashboard on it.
//
//	standin FOLDER
//
// writes FOLDER/kubeconfig and ends when standard input does.
package main

import (
	_ "embed"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/meshctl/meshctl/internal/kube/kubetest"
)

//go:embed grafana.yaml
var grafana string

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: standin FOLDER")
		os.Exit(2)
	}
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "<title>Grafana</title>")
	}))
	server := kubetest.NewServer(owner{os.Args[1]}, grafana)
	server.Forward("monitoring", "grafana-0", 3000, page.URL)
	server.Kubeconfig()
	_, _ = io.Copy(io.Discard, os.Stdin) // only its end matters
	server.Stop()
	page.Close()
}

// owner runs a server until main ends.
type owner struct{ dir string }

func (owner) Helper()           {}
func (owner) Cleanup(func())    {} // main stops the server
func (o owner) TempDir() string { return o.dir }

func (owner) Fatal(args ...any) {
	fmt.Fprintln(os.Stderr, args...)
	os.Exit(1)
}
