package main

import (
	"io"
	"os"
	"time"

	"github.com/cli/browser"

	"github.com/meshctl/meshctl/internal/kube"
)

// env is everything that a command may touch outside of its own flags. Tests
// make one with buffers and fakes; processEnv makes the real one.
type env struct {
	in       io.Reader
	out, err io.Writer

	now    func() time.Time
	getenv func(string) string
	browse func(url string) error

	global globalFlags
	opened *kube.Cluster // what cluster found
	ended  chan struct{} // closed when the command's context ends

	args        []string // the command line, with the program's name
	onlyContext string   // where one of several clusters is asked: its context
}

func processEnv() *env {
	return &env{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		now:    time.Now,
		getenv: os.Getenv,
		browse: func(url string) error {
			// What a browser says while it starts is not our output.
			browser.Stdout, browser.Stderr = io.Discard, io.Discard
			return browser.OpenURL(url)
		},
	}
}

// cluster is the one that the global flags choose. The kubeconfig is read at
// the first call, so that a command with file input never looks at it; a
// connection is opened by the first request.
func (e *env) cluster() (*kube.Cluster, error) {
	if e.opened != nil {
		return e.opened, nil
	}
	cluster, err := e.open()
	e.opened = cluster
	return cluster, err
}

// open finds the cluster, or the snapshot that stands for one.
func (e *env) open() (*kube.Cluster, error) {
	if e.global.from != "" {
		return e.openSnapshot(e.global.from)
	}
	return kube.New(e.global.kube, kube.Options{UserAgent: "meshctl/" + clientVersion().Version})
}
