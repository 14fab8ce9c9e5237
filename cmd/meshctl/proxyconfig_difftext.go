package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/meshctl/meshctl/pkg/proxyconfig/diff"
)

// printDiff writes a comparison for people: how much differs in each section, then
// the changes under the Istio object that caused them. full does not shorten values.
func printDiff(w io.Writer, r diff.Result, full bool) error {
	out := &foldedText{columns: width(w)}
	if r.Equal() {
		fmt.Fprintln(out, "no difference")
	}
	for _, line := range diffSummary(r) {
		fmt.Fprintln(out, line)
	}
	for _, group := range diff.Group(r) {
		fmt.Fprintf(out, "\n%s\n", group.Title)
		for _, res := range group.Resources {
			printResource(out, res, full)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// diffSummary counts by section: "cluster: 3 added, 1 changed".
func diffSummary(r diff.Result) []string {
	var kinds []string
	counts := map[string]map[diff.Op]int{}
	for _, res := range r.Resources {
		if counts[res.Kind] == nil {
			counts[res.Kind] = map[diff.Op]int{}
			kinds = append(kinds, res.Kind)
		}
		counts[res.Kind][res.Op]++
	}
	slices.Sort(kinds)
	var lines []string
	for _, kind := range kinds {
		var parts []string
		for _, op := range []diff.Op{diff.Added, diff.Removed, diff.Changed} {
			if n := counts[kind][op]; n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, op))
			}
		}
		lines = append(lines, kind+": "+strings.Join(parts, ", "))
	}
	return lines
}

func printResource(out *foldedText, res diff.Resource, full bool) {
	state := ""
	if res.State != "" {
		state = " (" + res.State + ")"
	}
	out.line("  "+sign(res.Op)+" ", res.Kind+" "+res.Name+state)
	for _, c := range res.Changes {
		switch c.Op {
		case diff.Added:
			out.line("      + ", c.Path+": "+shorten(c.After, full))
		case diff.Removed:
			out.line("      - ", c.Path+": "+shorten(c.Before, full))
		case diff.Moved:
			out.line("      ↕ ", fmt.Sprintf("%s: moved from place %d to %d", c.Path, *c.From+1, *c.To+1))
		default:
			out.line("      ~ ", c.Path+": "+shorten(c.Before, full)+" → "+shorten(c.After, full))
		}
	}
}

func sign(op diff.Op) string {
	return map[diff.Op]string{diff.Added: "+", diff.Removed: "-", diff.Changed: "~"}[op]
}

// shorten puts a value on one line that fits; -o wide shows all of it.
func shorten(raw []byte, full bool) string {
	text := strings.Join(strings.Fields(string(raw)), " ")
	const longest = 120
	if r := []rune(text); !full && len(r) > longest {
		return string(r[:longest-1]) + "…"
	}
	return text
}
