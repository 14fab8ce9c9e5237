package main

import (
	"io"
	"os"
	"time"

	"github.com/cli/browser"
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
	ended  chan struct{} // closed when the command's context ends
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
