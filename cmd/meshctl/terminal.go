package main

import (
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// isTerminal reports whether a stream is a terminal that a person looks at.
func isTerminal(stream any) bool {
	if r, ok := stream.(*endingReader); ok {
		stream = r.Reader
	}
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width is the width of the terminal behind a stream, in columns; 0 if the
// stream is not a terminal.
func width(stream any) int {
	columns, _ := size(stream)
	return columns
}

// size is that of the terminal behind a stream; 0 if there is none.
func size(stream any) (columns, lines int) {
	f, ok := stream.(*os.File)
	if !ok {
		return 0, 0
	}
	columns, lines, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, 0
	}
	return columns, lines
}

// folded breaks a text between words so that it fits a terminal's columns, with
// the lines after the first indented. A word that is too long stays whole: it may
// be a name that somebody wants to copy.
func folded(text string, columns, indent int) string {
	var out strings.Builder
	at := indent
	for i, word := range strings.Split(text, " ") {
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+length > columns && at > indent:
			out.WriteString("\n" + strings.Repeat(" ", indent))
			at = indent
		default:
			out.WriteByte(' ')
			at++
		}
		out.WriteString(word)
		at += length
	}
	return out.String()
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

// endingReader is stdin for a command that may be interrupted while it waits
// for input: a terminal or a pipe cannot be told to stop waiting.
type endingReader struct {
	io.Reader
	ended <-chan struct{}
}

// Read is that of the reader below, or an error once the command's context has
// ended. What the reader below delivers after that is lost.
func (r *endingReader) Read(p []byte) (int, error) {
	type delivery struct {
		data []byte
		err  error
	}
	delivered := make(chan delivery, 1)
	go func() {
		data := make([]byte, len(p))
		n, err := r.Reader.Read(data)
		delivered <- delivery{data[:n], err}
	}()
	select {
	case d := <-delivered:
		return copy(p, d.data), d.err
	case <-r.ended:
		return 0, errDeadline // run knows better if it was a signal
	}
}
