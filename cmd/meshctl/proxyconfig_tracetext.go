package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/trace"
)

// printTrace tells the way of a request, a step a line, and how it ends.
func printTrace(w io.Writer, t trace.Trace, verbose bool) error {
	out := &strings.Builder{}
	fmt.Fprintln(out, t.Request)
	for _, s := range t.Steps {
		fmt.Fprintf(out, "  %-13s %s", s.Stage, s.Taken)
		if s.Object != "" {
			fmt.Fprintf(out, "  [%s]", s.Object)
		}
		fmt.Fprintln(out)
		if s.Why != "" {
			fmt.Fprintf(out, "  %-13s   because %s\n", "", s.Why)
		}
		for _, d := range s.Details {
			fmt.Fprintf(out, "  %-13s   %s\n", "", d)
		}
		if !verbose {
			continue
		}
		for _, p := range s.PassedOver {
			fmt.Fprintf(out, "  %-13s   not %s: %s\n", "", p.What, p.Why)
		}
	}
	v := t.Verdict
	text := v.Text
	if !strings.HasPrefix(text, string(v.Outcome)) {
		text = string(v.Outcome) + ": " + text
	}
	fmt.Fprint(out, text)
	if v.Status != 0 {
		fmt.Fprintf(out, " (HTTP %d)", v.Status)
	}
	fmt.Fprintln(out)
	for _, d := range v.Depends {
		fmt.Fprintln(out, "  if", d)
	}
	if v.Hint != "" {
		fmt.Fprintln(out, "hint:", v.Hint)
	}
	_, err := io.WriteString(w, out.String())
	return err
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
