package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/pflag"

	"github.com/meshctl/meshctl/pkg/proxyconfig/dump"
)

// proxySource says where the dump of a proxy comes from.
type proxySource struct {
	file string
}

func (s *proxySource) register(fs *pflag.FlagSet) {
	fs.StringVarP(&s.file, "file", "f", "", "read the dump from a `file`, - is standard input")
}

func (s *proxySource) validate() error {
	if s.file == "" {
		return usagef("which proxy? give a dump of its configuration with --file")
	}
	return nil
}

// read opens the dump and keeps the wanted sections.
func (s *proxySource) read(e *env, want dump.Section) (*dump.Dump, error) {
	return readDump(e, s.file, want)
}

// wrap says which dump an error is about.
func (s *proxySource) wrap(err error) error { return inDump(s.file, err) }

// readDump reads a dump from a file, or from standard input if the name is -.
func readDump(e *env, file string, want dump.Section) (*dump.Dump, error) {
	in := e.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, inDump(file, err)
		}
		defer f.Close()
		in = f
	}
	d, err := dump.Read(in, want)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: the file seems to be cut off", err)
	}
	if err != nil {
		return nil, inDump(file, err)
	}
	return d, nil
}

// inDump puts the name of the file, and the line where there is one, before an error.
func inDump(file string, err error) error {
	if file == "-" {
		file = "standard input"
	}
	var syntax *dump.SyntaxError
	var path *fs.PathError // absent, a directory, forbidden
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("reading %s:%d: %s", file, syntax.Line, syntax.Text)
	case errors.As(err, &path):
		return usagef("reading %s: %w", file, path.Err)
	}
	return fmt.Errorf("reading %s: %w", file, err)
}
