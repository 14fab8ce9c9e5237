package main

import (
	"os"

	"golang.org/x/term"
)

// isTerminal reports whether a stream is a terminal that a person looks at.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width is the width of the terminal behind a stream, in columns; 0 if the
// stream is not a terminal.
func width(stream any) int {
	f, ok := stream.(*os.File)
	if !ok {
		return 0
	}
	w, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return w
}

// colored reports whether text written to a stream should be coloured:
// --color decides, and for auto the stream, NO_COLOR (see no-color.org) and
// TERM.
func (e *env) colored(stream any) bool {
	switch e.global.color {
	case "always":
		return true
	case "never":
		return false
	}
	return isTerminal(stream) && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb"
}
