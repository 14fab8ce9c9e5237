package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/meshctl/meshctl/pkg/proxyconfig/trace"
)

// printTrace tells the way of a request, a step a line, and how it ends.
func printTrace(w io.Writer, t trace.Trace, verbose bool) error {
	out := &foldedText{columns: width(w)}
	const indent = "                "
	out.line("", t.Request)
	for _, s := range t.Steps {
		taken := s.Taken
		if s.Object != "" {
			taken += "  [" + s.Object + "]"
		}
		out.line(fmt.Sprintf("  %-13s ", s.Stage), taken)
		if s.Why != "" {
			out.line(indent+"  ", "because "+s.Why)
		}
		for _, d := range s.Details {
			out.line(indent+"  ", d)
		}
		if !verbose {
			continue
		}
		for _, p := range s.PassedOver {
			out.line(indent+"  ", "not "+p.What+": "+p.Why)
		}
	}
	v := t.Verdict
	text := v.Text
	if !strings.HasPrefix(text, string(v.Outcome)) {
		text = string(v.Outcome) + ": " + text
	}
	if v.Status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", v.Status)
	}
	out.line("", text)
	for _, d := range v.Depends {
		out.line("  ", "if "+d)
	}
	if v.Hint != "" {
		out.line("", "hint: "+v.Hint)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// foldedText is made of lines that fit a terminal's columns; 0 is no terminal, and lines stay
// as they are.
type foldedText struct {
	strings.Builder
	columns int
}

// line adds a text behind a head; its lines after the first begin below its beginning.
func (f *foldedText) line(head, text string) {
	if f.columns > 0 {
		text = folded(text, f.columns, utf8.RuneCountInString(head))
	}
	f.WriteString(head + text + "\n")
}

// printTraceNames has what was taken, one a line.
func printTraceNames(w io.Writer, t trace.Trace) error {
	for _, s := range t.Steps {
		if _, err := fmt.Fprintf(w, "%s/%s\n", s.Stage, s.Taken); err != nil {
			return err
		}
	}
	return nil
}
