package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/meshctl/meshctl/internal/envoy"
	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// proxySource says which proxies are asked: pods, a file or an admin port.
type proxySource struct {
	proxyChoice
	file, admin string
}

func (s *proxySource) register(fs *pflag.FlagSet) {
	fs.StringVarP(&s.file, "file", "f", "", "read the dump from a `file`, - is standard input")
	fs.StringVar(&s.admin, "admin", "", "ask the admin port of an Envoy at this `URL`")
	s.proxyChoice.register(fs)
}

// validate takes the arguments and checks that they and the flags name proxies in one way.
func (s *proxySource) validate(args []string) error {
	s.pods = args
	ways := 0
	for _, used := range []bool{s.file != "", s.admin != "", s.chosen()} {
		if used {
			ways++
		}
	}
	switch {
	case ways == 0:
		return usagef("which proxy? name a pod or a workload, or give a dump with --file")
	case ways > 1:
		return usagef("pods, --file and --admin exclude each other")
	case s.chosen():
		return s.proxyChoice.validate(args)
	}
	return nil
}

// proxyTarget is one proxy that can be asked.
type proxyTarget struct {
	name string
	open func(ctx context.Context, path string) (io.ReadCloser, error)
	// file is set for dumps that were taken before: they have but one answer.
	file bool
}

// targets finds the proxies.
func (s *proxySource) targets(ctx context.Context, e *env) ([]proxyTarget, error) {
	switch {
	case s.file != "":
		return []proxyTarget{e.fileTarget(s.file)}, nil
	case s.admin != "":
		return []proxyTarget{{name: s.admin, open: envoy.New(http.DefaultClient, s.admin, s.admin).Open}}, nil
	}
	return e.podTargets(ctx, s.pods, s.selector, s.everywhere)
}

func (e *env) fileTarget(name string) proxyTarget {
	return proxyTarget{name: name, file: true, open: func(context.Context, string) (io.ReadCloser, error) {
		if name == "-" {
			return io.NopCloser(e.in), nil
		}
		f, err := os.Open(name)
		if err != nil {
			return nil, proxyTarget{name: name}.wrap(err)
		}
		return f, nil
	}}
}

// read asks the proxy for a dump and keeps the wanted sections.
func (t proxyTarget) read(ctx context.Context, want dump.Section) (*dump.Dump, error) {
	path := envoy.ConfigDump
	if want.Has(dump.Hosts) && want&^(dump.Hosts|dump.Endpoints) == 0 {
		path = envoy.Clusters // has what the proxy found out about its endpoints
	}
	body, err := t.open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	d, err := dump.Read(body, want)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: it seems to be cut off", err)
	}
	if err != nil {
		return nil, t.wrap(err)
	}
	return d, nil
}

// wrap puts the name of the proxy, and the line of a file, before an error.
func (t proxyTarget) wrap(err error) error {
	name := t.name
	if name == "-" {
		name = "standard input"
	}
	var syntax *dump.SyntaxError
	var path *fs.PathError // absent, a directory, forbidden
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("reading %s:%d: %s", name, syntax.Line, syntax.Text)
	case errors.As(err, &path):
		return usagef("reading %s: %w", name, path.Err)
	}
	return fmt.Errorf("reading %s: %w", name, err)
}

// proxyAnswer is what one proxy gave.
type proxyAnswer struct {
	proxyTarget
	dump *dump.Dump
	err  error
}

// readAll asks all proxies. One that fails does not hide the others.
func readAll(ctx context.Context, targets []proxyTarget, want dump.Section) []proxyAnswer {
	answers := make([]proxyAnswer, len(targets))
	var work errgroup.Group
	work.SetLimit(proxiesAtOnce)
	for i, t := range targets {
		work.Go(func() error {
			d, err := t.read(ctx, want)
			answers[i] = proxyAnswer{t, d, err}
			return nil
		})
	}
	_ = work.Wait() // failures are kept in the answers
	return answers
}
